//! Numbers of clauses, items and schedules: 1, 1.1, (a), (i); A, B, C.

use crate::text::document::Block;

/// Numbers the items of a section in place; `clause` is the number of the section, empty where sections are not numbered.
///
/// Level one runs through the whole section, also across tables and headings; deeper levels begin anew under each item.
pub fn number(blocks: &mut [Block], clause: &str) {
    let mut count = 0;
    number_level(blocks, clause, 1, &mut count);
}

fn number_level(blocks: &mut [Block], clause: &str, depth: u8, count: &mut usize) {
    for block in blocks {
        match block {
            Block::Item { level, number, children, .. } => {
                *count += 1;
                *level = depth.min(3);
                *number = match (*level, clause) {
                    (1, "") => count.to_string(),
                    (1, clause) => format!("{clause}.{count}"),
                    (2, _) => format!("({})", letters(*count).to_lowercase()),
                    _ => format!("({})", roman(*count)),
                };
                number_level(children, clause, depth + 1, &mut 0);
            }
            Block::Bullets { items } => items.iter_mut().for_each(|blocks| number_level(blocks, clause, depth, count)),
            _ => {}
        }
    }
}

/// A, B, …, Z, AA, AB, …; `count` is at least 1.
///
/// ```
/// use countersign::contract::numbering::letters;
/// assert_eq!((letters(1), letters(26), letters(27)), ("A".into(), "Z".into(), "AA".into()));
/// ```
pub fn letters(count: usize) -> String {
    let mut rest = count;
    let mut out = String::new();
    while rest > 0 {
        rest -= 1;
        let digit = u8::try_from(rest % 26).unwrap_or_default();
        out.insert(0, char::from(b'A' + digit));
        rest /= 26;
    }
    out
}

/// i, ii, iii, iv, …; `count` is at least 1.
pub fn roman(count: usize) -> String {
    const STEPS: [(usize, &str); 9] = [(100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")];
    let mut rest = count;
    let mut out = String::new();
    for (value, word) in STEPS {
        while rest >= value {
            out.push_str(word);
            rest -= value;
        }
    }
    out
}
