//! Where reports and images go.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::error::Error;
use crate::cli::output::Output;

/// Two things cannot be written to one place.
pub(super) fn refuse_shared(outputs: &[Output], images: Option<&Path>, patches: Option<&Path>) -> Result<(), Error> {
    let shared = |what: &str, path: &Path| {
        let target = path.display();
        Err(Error::Usage(format!("{what} go to `{target}`; give one of them another path")))
    };
    let place = |output: &Output| output.path().map(place);
    for (what, path) in [("images", images), ("patches", patches)] {
        let Some(path) = path else { continue };
        if outputs.iter().any(|output| place(output).is_some_and(|place| place == self::place(path))) {
            return shared(&format!("a report and the {what}"), path);
        }
    }
    if let (Some(images), Some(patches)) = (images, patches)
        && self::place(images) == self::place(patches)
    {
        return shared("the images and the patches", images);
    }
    for (number, output) in outputs.iter().enumerate() {
        if outputs.iter().take(number).any(|other| place(other) == place(output)) {
            let target = output.path().map_or("standard output".to_owned(), |path| format!("`{}`", path.display()));
            return Err(Error::Usage(format!("two reports go to {target}; give one of them another path")));
        }
    }
    Ok(())
}

/// A path by which a file is the same however it is written: `a`, `./a`, or by way of a link to its folder.
fn place(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (fs::canonicalize(folder), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        // What is wrong with it is told when it is opened.
        _ => path.to_owned(),
    }
}
