//! The options that say where images are to run.

use clap::Args;

use crate::policy::{Context, NamePattern, Namespace, Transport};

/// Where images are to run
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Context")]
pub(super) struct ContextOptions {
    /// The namespace that the images are to run in, for policies that ask for it
    #[arg(long, value_name = "NAME", value_parser = namespace)]
    pub(super) namespace: Option<String>,

    /// A label of the namespace; may be given more than once. Without any, its labels are not known
    #[arg(long, value_name = "KEY=VALUE", value_parser = label, requires = "namespace")]
    pub(super) namespace_label: Vec<(String, String)>,
}

/// The name of a namespace. What no namespace can be called is a mistake, and would be one that no rule is for.
pub(super) fn namespace(text: &str) -> Result<String, String> {
    match text.parse::<NamePattern>() {
        Ok(_) if !text.contains('*') => Ok(text.to_owned()),
        Ok(_) | Err(_) => {
            Err("the name of a namespace has at most 63 lower-case letters and digits, with `-` between them"
                .to_owned())
        }
    }
}

fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("a label is written as `key=value`".to_owned()),
    }
}

impl From<ContextOptions> for Context {
    fn from(options: ContextOptions) -> Self {
        let labels = (!options.namespace_label.is_empty()).then(|| options.namespace_label.into_iter().collect());
        Self { namespace: options.namespace.map(|name| Namespace { name, labels }), transport: Transport::Docker }
    }
}
