//! The options about sources.

use std::env;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Args;

use crate::cli::error::Error;
use crate::cli::release;
use crate::image::Reference;
use crate::policy::Requirement;
use crate::source::layout::Platform;
use crate::source::lookaside::{Base, Lookaside, RegistriesD};
use crate::source::registry::{AuthFile, Registries};
use crate::source::{Collected, Joiner, OpenOptions, SignatureStore, SourceSpec, open};
use crate::verifier::Verifier;

/// Where images and signatures come from
#[derive(Args, Debug)]
#[command(next_help_heading = "Sources")]
pub(super) struct LayoutOptions {
    /// The one platform of manifest lists in layouts that is verified; all of them, and the list, if not given
    #[arg(long, value_name = "OS/ARCH[/VARIANT]", conflicts_with = "digest")]
    platform: Option<Platform>,

    /// Another SOURCE, whose signatures are added to those of the images, by digest; may be given more than once
    #[arg(long, value_name = "SOURCE", conflicts_with = "digest")]
    signatures: Vec<String>,

    /// A lookaside store to look for signatures in; may be given more than once
    #[arg(long, value_name = "URL|DIR", conflicts_with = "digest")]
    lookaside: Vec<Base>,

    /// Look for signatures in the lookaside stores that a directory configures, as in containers-registries.d(5)
    #[arg(long, value_name = "DIR", conflicts_with = "digest")]
    registries_d: Option<PathBuf>,

    /// A store of release signatures, by digest alone, to look for signatures in; may be given more than once
    #[arg(long, value_name = "URL|DIR", conflicts_with = "digest")]
    release_signatures: Vec<Base>,

    /// The image of an OpenShift release, in a layout with its layers: once it is verified, the images that it names are
    /// allowed as well
    #[arg(long, value_name = "[REFERENCE=]SOURCE", conflicts_with_all = ["digest", "policy"])]
    release: Option<String>,

    /// Ask the registry of each image for signatures, by the extension that OpenShift's registry has
    #[arg(long, conflicts_with = "digest")]
    registry_signatures: bool,

    /// The credentials for registries, as in containers-auth.json(5); those of the usual files, if not given
    #[arg(long, value_name = "FILE", requires = "registry_signatures")]
    authfile: Option<PathBuf>,
}

impl LayoutOptions {
    /// What adds the signatures that are kept elsewhere. Without an option that asks for it there is nothing to ask.
    pub(super) fn joiner(&self) -> Result<Joiner, Error> {
        let mut stores: Vec<Box<dyn SignatureStore>> = Vec::new();
        for source in &self.signatures {
            for mut source in open(&source.parse()?, &OpenOptions::default()) {
                stores.push(Box::new(Collected::read(&mut *source)?));
            }
        }
        for base in &self.lookaside {
            stores.push(Box::new(Lookaside::at(base.clone())));
        }
        if let Some(directory) = &self.registries_d {
            let name = directory.display().to_string();
            stores.push(Box::new(Lookaside::configured(&name, RegistriesD::read(directory)?)));
        }
        for base in &self.release_signatures {
            stores.push(Box::new(Lookaside::of_releases(base.clone())));
        }
        if self.registry_signatures {
            let auth = match &self.authfile {
                Some(path) => AuthFile::read(path)?,
                None => AuthFile::usual(&|name| env::var_os(name))?,
            };
            stores.push(Box::new(Registries::new(auth)));
        }
        Ok(Joiner::new(stores))
    }

    /// The demand that the images of a release meet; nothing where there is none.
    pub(super) fn release(
        &self,
        joiner: &mut Joiner,
        verifier: &Verifier,
        at: DateTime<Utc>,
    ) -> Result<Option<Requirement>, Error> {
        let Some(release) = &self.release else { return Ok(None) };
        let options = OpenOptions { reference: None, platform: self.platform.clone() };
        Ok(Some(release::requirement(&release.parse()?, &options, joiner, verifier, at)?))
    }

    /// What the SOURCE arguments mean, and what is known of the images in them.
    pub(super) fn sources(
        self,
        sources: &[String],
        reference: Option<Reference>,
    ) -> Result<(Vec<SourceSpec>, OpenOptions), Error> {
        let specs = sources.iter().map(|source| source.parse()).collect::<Result<Vec<SourceSpec>, _>>()?;
        let layouts = || specs.iter().filter(|spec| matches!(spec, SourceSpec::Layout { .. }));
        if self.platform.is_some() && self.release.is_none() && layouts().next().is_none() {
            return Err(Error::Usage("`--platform` is for layouts, and no SOURCE is one: `dir:PATH`".to_owned()));
        }
        let unnamed = |spec: &&SourceSpec| matches!(spec, SourceSpec::Layout { reference: None, .. });
        if reference.is_some() && !layouts().any(|spec| unnamed(&spec)) {
            let message = "`--reference` is for layouts without a REFERENCE= of their own, and no SOURCE is one; for \
                           raw signatures, give `--digest` as well";
            return Err(Error::Usage(message.to_owned()));
        }
        Ok((specs, OpenOptions { reference, platform: self.platform }))
    }
}
