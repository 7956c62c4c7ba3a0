//! Makes the end of every stream of a PDF unambiguous.
//!
//! The PDF writer puts a line feed between stream data and `endstream`. Where the data happens to end with a carriage return (one stream
//! in 256), a reader may take both for the end-of-line marker and find the data one byte shorter than `/Length` says; ISO 19005-3,
//! 6.1.7.1 asks that the two agree. A carriage return before that line feed makes the marker CR LF for everybody. Offsets
//! behind it move by one, so the cross-reference table is mended. Never does: touch the data.

/// Data that ends with a carriage return, then the writer's end-of-line marker.
const AMBIGUOUS: &[u8] = b"\r\nendstream";
/// Width of an offset in a cross-reference table (ISO 32000-1, 7.5.4).
const OFFSET_DIGITS: usize = 10;

/// Mends a PDF whose cross-reference table is a classic one, as typst-pdf writes it; any other is returned as it is.
pub(super) fn mend(pdf: Vec<u8>) -> Vec<u8> {
    let breaks: Vec<usize> = find_all(&pdf, AMBIGUOUS).map(|at| at + 1).collect();
    let Some(table) = (!breaks.is_empty()).then(|| find_all(&pdf, b"\nxref\n").last()).flatten().map(|at| at + 1) else { return pdf };
    let moved = |offset: usize| offset + breaks.iter().filter(|at| **at < offset).count();
    let mut out = Vec::with_capacity(pdf.len() + breaks.len());
    let mut from = 0;
    for at in &breaks {
        out.extend_from_slice(&pdf[from..*at]);
        out.push(b'\r');
        from = *at;
    }
    out.extend_from_slice(&pdf[from..table]);
    let mut after_startxref = false;
    for line in pdf[table..].split_inclusive(|byte| *byte == b'\n') {
        let digits = if after_startxref { line.iter().take_while(|b| b.is_ascii_digit()).count() } else { OFFSET_DIGITS };
        let is_entry = line.get(OFFSET_DIGITS) == Some(&b' ') && line.windows(2).any(|pair| pair == b" n");
        let offset = std::str::from_utf8(&line[..digits.min(line.len())]).ok().and_then(|text| text.parse::<usize>().ok());
        match offset.filter(|_| is_entry || after_startxref) {
            Some(offset) if is_entry => out.extend_from_slice(format!("{:010}", moved(offset)).as_bytes()),
            Some(offset) => out.extend_from_slice(moved(offset).to_string().as_bytes()),
            None => {
                out.extend_from_slice(line);
                after_startxref = line.starts_with(b"startxref");
                continue;
            }
        }
        out.extend_from_slice(&line[digits..]);
        after_startxref = false;
    }
    out
}

fn find_all<'a>(bytes: &'a [u8], needle: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    bytes.windows(needle.len()).enumerate().filter(move |(_, window)| *window == needle).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::mend;

    #[test]
    fn offsets_behind_a_mended_stream_move_by_one() {
        let before = b"1 0 obj\nstream\nab\r\nendstream\n2 0 obj\nxref\n\nxref\n0 2\n0000000000 65535 f\r\n0000000029 00000 n\r\nstartxref\n45\n%%EOF".to_vec();
        let after = String::from_utf8(mend(before)).unwrap();
        assert!(after.contains("ab\r\r\nendstream"));
        assert!(after.contains("0000000030 00000 n\r\n") && after.ends_with("startxref\n46\n%%EOF"), "{after:?}");
    }

    #[test]
    fn file_without_ambiguity_is_left_alone() {
        let pdf = b"stream\nab\nendstream\n\nxref\n0 1\n0000000000 65535 f\r\nstartxref\n9\n%%EOF".to_vec();
        assert_eq!(mend(pdf.clone()), pdf);
    }
}
