//! Finding the next document behind a broken one.

/// Where the next document begins after the broken one at `start`, a list of which the items before `read_to` were
/// read if that is given.
///
/// That is a line that begins with a bracket and follows on a line that ends with a closing one, which inside a
/// document would need a comma. Where documents are lines, any line may begin one; and a document that is no list may
/// be broken off within its first line.
pub(super) fn resume(text: &str, start: usize, read_to: Option<usize>, is_lines: bool) -> usize {
    let mut from = read_to.unwrap_or(start);
    let mut anywhere = is_lines || read_to.is_none();
    while let Some(at) = text.get(from..).and_then(|rest| rest.find('\n')) {
        let end = from.saturating_add(at);
        let next = end.saturating_add(1);
        let line = text.get(from..end).unwrap_or_default().trim_ascii_end();
        let begins = text.get(next..).is_some_and(|rest| rest.starts_with(['{', '[']));
        if begins && (anywhere || line.ends_with(['}', ']'])) {
            return next;
        }
        anywhere = is_lines;
        from = next;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_on_where_a_document_can_begin() {
        for (text, is_plain, rest) in [
            ("{\"a\n{}", true, "{}"),
            ("{\"a\":1,\n{}\n", true, "{}\n"),
            ("{bad}\n{}", true, "{}"),
            ("{\n  bad\n}\n{\n}\n", true, "{\n}\n"),
            ("{\n  \"items\": [\n    {bad}\n  ]\n}\r\n{}", false, "{}"),
            ("{\"items\":[\n{bad},\n{}\n]}", false, ""),
            ("{\"items\":[\n{bad},\n{}\n]}\n[]", false, "[]"),
            ("{\"a\":\n{}", true, "{}"),
            ("{bad}", true, ""),
        ] {
            let at = resume(text, 0, (!is_plain).then_some(0), false);
            assert_eq!(text.get(at..), Some(rest), "{text:?}");
        }
        let list = "{\"items\":[{}\n{}";
        assert_eq!(resume(list, 0, Some(12), false), list.len());
        assert_eq!(resume(list, 0, Some(12), true), 13);
        assert_eq!(resume("{\ngarbage\n{}", 0, None, true), 10);
    }
}
