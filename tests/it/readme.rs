//! What the README prints is what the program prints.

use std::process::Command;

#[test]
fn the_quick_start_prints_what_the_readme_says() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let command = readme.lines().find_map(|line| line.strip_prefix("cargo run -- ")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_vidimus")).args(command.split(' ')).output().unwrap();
    let said = readme.split("```text\n").nth(1).unwrap().split("\n```").next().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim_end(), said);
    assert_eq!(output.status.code(), Some(1));
}
