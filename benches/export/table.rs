//! Numbers in tables.

/// Prints a table whose columns are as wide as their widest cell; all but the first stand on the right.
pub(crate) fn print<const N: usize>(title: &str, head: [&str; N], rows: &[[String; N]]) {
    println!("\n{title}\n");
    let mut widths = head.map(str::len);
    for row in rows {
        widths.iter_mut().zip(row).for_each(|(width, cell)| *width = cell.chars().count().max(*width));
    }
    let line = |cells: Vec<&str>| {
        let mut cells = cells.into_iter().zip(widths).enumerate();
        cells.by_ref().fold(String::from("|"), |line, (column, (cell, width))| match column {
            0 => format!("{line} {cell:width$} |"),
            _ => format!("{line} {cell:>width$} |"),
        })
    };
    println!("{}", line(head.to_vec()));
    println!("|{}", widths.map(|width| format!("{}|", "-".repeat(width + 2))).concat());
    for row in rows {
        println!("{}", line(row.iter().map(String::as_str).collect()));
    }
}

/// The one in the middle.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Seconds, in the unit that suits.
pub(crate) fn time(seconds: f64) -> String {
    match seconds {
        0.0..1e-3 => format!("{:.1} µs", seconds * 1e6),
        1e-3..1.0 => format!("{:.2} ms", seconds * 1e3),
        _ => format!("{seconds:.2} s"),
    }
}

/// Bytes, in MiB.
pub(crate) fn memory(bytes: f64) -> String {
    format!("{:.1} MiB", bytes / f64::from(1 << 20))
}

/// A number of things, in groups of three digits.
pub(crate) fn number(number: usize) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let (first, rest) = digits.split_at(first);
    let groups = rest.as_bytes().chunks(3).map(|group| String::from_utf8_lossy(group).into_owned());
    let groups = Some(first.to_owned()).into_iter().filter(|first| !first.is_empty()).chain(groups);
    groups.collect::<Vec<_>>().join(" ")
}
