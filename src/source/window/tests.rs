use super::*;

/// Gives one byte at a time.
struct Drops<'t>(&'t [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
        self.0 = rest;
        into[0] = *first;
        Ok(1)
    }
}

#[test]
fn values_end_wherever_the_text_comes_in_pieces() {
    for (text, limit, ended, at) in [
        (&b"{\"a\":[\"]\"]} x"[..], 100, Ended::Complete, 11),
        (b"\"a\\\"b\" x", 100, Ended::Complete, 6),
        (b"12.5e3,", 100, Ended::Complete, 6),
        (b"{\"aaaaaaaaaaaaaaaaaa\":1} x", 10, Ended::TooLarge, 24),
        (b"\"aaaaaaaaaaaaaaaaaa\" x", 10, Ended::TooLarge, 20),
        (b"11111111111111 x", 10, Ended::TooLarge, 14),
        (b"{\"a", 100, Ended::CutOff, 3),
        (b"\"a\\", 100, Ended::CutOff, 3),
        (b"\"a\nb\"", 100, Ended::Broken(2), 1),
        (b"\"a\\\nb\"", 100, Ended::Broken(3), 3),
    ] {
        let (mut whole, mut drops) = (text, Drops(text));
        let readers: [&mut dyn Read; 2] = [&mut whole, &mut drops];
        for reader in readers {
            let mut window = Window::new(reader);
            assert_eq!(window.value(false, limit), ended, "{text:?}");
            assert!(matches!(ended, Ended::Broken(_)) || window.at() == at, "{text:?}");
        }
    }
}

#[test]
fn lines_are_counted_over_what_is_gone() {
    let text = "x\n".repeat(BLOCK);
    let mut reader = text.as_bytes();
    let mut window = Window::new(&mut reader);
    for line in 0..BLOCK {
        window.keep();
        assert_eq!(window.skip_line(), Some(Some(b'x')));
        if line % 10_007 == 0 {
            let kept = window.kept();
            assert_eq!(window.place(kept), Place { offset: line * 2, line: line + 1 });
            assert_eq!(window.position(kept + 1), (line + 1, 2));
            assert_eq!(window.position(kept), (line + 1, 1));
        }
    }
    assert_eq!(window.skip_line(), None);
    assert!(window.buffer.len() <= 2 * BLOCK);
}

#[test]
fn a_failure_is_told_once_and_ends_the_text() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("gone"))
        }
    }
    let mut reader = b"{\"a\"".chain(Failing);
    let mut window = Window::new(&mut reader);
    assert_eq!(window.value(false, 100), Ended::CutOff);
    assert_eq!(window.failure().unwrap().to_string(), "gone");
    assert!(window.failure().is_none() && window.peek().is_none());
}
