//! The signatures of the images of one source, for the same images from another one.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::image::{Carrier, Digest};
use crate::source::join::{SignatureStore, Stored, Wanted};
use crate::source::{Source, SourceError, SourceProblem};

/// The most signatures of a source that are held.
pub const COLLECTED_LIMIT: usize = 1 << 20;

/// Signatures by the digests of the images that they were found with.
///
/// That is only where to look: what a signature is for is in the signature.
#[derive(Debug)]
pub struct Collected {
    name: String,
    signatures: HashMap<Digest, Vec<Stored>>,
}

impl Collected {
    /// Reads all signatures of a source.
    ///
    /// # Errors
    ///
    /// The first [`SourceError`] of the source: with a part missing it could not be said what signatures there are.
    pub fn read(source: &mut dyn Source) -> Result<Self, SourceError> {
        let (mut signatures, mut failure, mut count) = (HashMap::<_, Vec<_>>::new(), None, 0_usize);
        source.read(&mut |item| {
            let location = item.location.clone();
            let mut fail = |problem| {
                failure = Some(SourceError { location: location.clone(), problem });
                ControlFlow::Break(())
            };
            let json = match item.json {
                Ok(json) => json,
                Err(error) => return fail(error.problem),
            };
            let carried = match Carrier::read(json) {
                Ok(Carrier::Image(carried)) => carried,
                Ok(Carrier::Other(other)) if other.kind.as_str() == "ConfigMap" => {
                    let mut found = config_map(json).into_iter();
                    return found.try_for_each(|(digest, stored)| {
                        count = count.saturating_add(1);
                        if count > COLLECTED_LIMIT {
                            return fail(SourceProblem::TooManySignatures { limit: COLLECTED_LIMIT });
                        }
                        signatures.entry(digest).or_default().push(stored);
                        ControlFlow::Continue(())
                    });
                }
                Ok(Carrier::Other(_)) => return ControlFlow::Continue(()),
                Err(error) => return fail(SourceProblem::Object(error.into())),
            };
            let Ok(digest) = carried.image.metadata.name.parse::<Digest>() else { return ControlFlow::Continue(()) };
            for signature in &carried.image.signatures {
                count = count.saturating_add(1);
                if count > COLLECTED_LIMIT {
                    return fail(SourceProblem::TooManySignatures { limit: COLLECTED_LIMIT });
                }
                // What is no base64 is no signature, and adds nothing.
                let Ok(content) = STANDARD.decode(signature.content.as_str()) else { continue };
                let name = signature.metadata.name.rsplit('@').next().unwrap_or_default().to_owned();
                signatures.entry(digest).or_default().push(Stored { name, content });
            }
            ControlFlow::Continue(())
        });
        match failure {
            Some(error) => Err(error),
            None => Ok(Self { name: source.name().to_owned(), signatures }),
        }
    }
}

/// The signatures in a `ConfigMap`: `sha256-HEX` with any ending, as release signatures are kept in clusters. Other keys
/// are nothing that is looked for.
///
/// Source: `openshift/library-go` `pkg/verify/store/configmap`.
fn config_map(json: &str) -> Vec<(Digest, Stored)> {
    let Ok(map) = serde_json::from_str::<ConfigMap>(json) else { return Vec::new() };
    let found = map.binary_data.unwrap_or_default().into_iter().filter_map(|(key, value)| {
        let (hex, suffix) = key.strip_prefix("sha256-")?.split_at_checked(64)?;
        if !suffix.is_empty() && !suffix.starts_with('-') {
            return None;
        }
        let digest = format!("sha256:{hex}").parse().ok()?;
        let content = STANDARD.decode(value).ok()?;
        Some((digest, Stored { name: format!("signature{suffix}"), content }))
    });
    found.collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConfigMap {
    #[serde(default)]
    binary_data: Option<BTreeMap<String, String>>,
}

impl SignatureStore for Collected {
    fn name(&self) -> &str {
        &self.name
    }

    fn signatures(&mut self, image: &Wanted<'_>) -> Result<Vec<Stored>, SourceProblem> {
        Ok(self.signatures.get(image.digest).cloned().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn config_maps_of_a_cluster_hold_release_signatures() {
        let hex = "a".repeat(64);
        let map = format!(
            r#"{{"kind":"ConfigMap","binaryData":{{"sha256-{hex}-1":"AA==","sha256-{hex}":"AQ==","sha256-{hex}x":"AA==",
               "sha256-{hex}-2":"?","sha256-{}-1":"AA==","other":"AA=="}}}}"#,
            hex.to_uppercase()
        );
        let digest: Digest = format!("sha256:{hex}").parse().unwrap();
        let stored = |name: &str, byte| (digest, Stored { name: name.to_owned(), content: vec![byte] });
        assert_eq!(config_map(&map), [stored("signature", 1), stored("signature-1", 0)]);
        assert_eq!(config_map(r#"{"kind":"ConfigMap","binaryData":null}"#), []);
        assert_eq!(config_map(r#"{"kind":"ConfigMap","binaryData":[1]}"#), []);
    }
}
