//! Widths of table columns, and when a table is better told as a list of records.
//!
//! Job: give each column what its longest word needs, then share the rest by how much text it has, as CSS tables do. Done
//! here and not by Typst's `auto` columns, which lay every cell out several times. Never does: look at what a table means.

/// Points of the table text.
pub(super) const TEXT_SIZE: f64 = 9.5;
/// Points left and right of a cell's text together.
const CELL_PADDING: f64 = 10.0;
/// A table with more columns than this is wide: it stays a table only while its cells are short.
const FEW_COLUMNS: usize = 5;
/// From this many columns on a table may be told as records; fewer are read across.
const RECORD_COLUMNS: usize = 4;
/// A table of few columns whose rows would be higher than this many lines is told as records.
const TALL_LINES: f64 = 8.0;
/// A wide table whose rows would be higher than this many lines is told as records.
const MOST_LINES: f64 = 3.0;

/// What one column needs, in em of the table text.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Need {
    /// Longest unbreakable piece.
    pub(super) least: f64,
    /// Longest cell on one line.
    pub(super) most: f64,
}

/// How a table is laid out.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// Columns of these widths in points, as wide as the text.
    Plain(Vec<f64>),
    /// Columns of these widths in points, reaching into the margin where the clause numbers hang.
    Wide(Vec<f64>),
    /// One block for each row: no arrangement of columns would be readable.
    Records,
}

/// Chooses the shape for columns with these needs, in a text of this width with this much room to its left (points).
pub(super) fn shape(needs: &[Need], text_width: f64, gutter: f64) -> Shape {
    let few = needs.len() <= FEW_COLUMNS;
    if few
        && let Some(columns) = columns(needs, text_width)
        && (needs.len() < FEW_COLUMNS || lines(needs, &columns) <= MOST_LINES)
        && (needs.len() < RECORD_COLUMNS || lines(needs, &columns) <= TALL_LINES)
    {
        return Shape::Plain(columns);
    }
    let most = match needs.len() {
        n if n < RECORD_COLUMNS => f64::INFINITY,
        _ if few => TALL_LINES,
        _ => MOST_LINES,
    };
    match columns(needs, text_width + gutter) {
        Some(columns) if lines(needs, &columns) <= most => Shape::Wide(columns),
        _ => Shape::Records,
    }
}

/// Column widths that fill the room, or `None` when the longest words do not fit side by side.
fn columns(needs: &[Need], room: f64) -> Option<Vec<f64>> {
    let least: Vec<f64> = needs.iter().map(|need| need.least * TEXT_SIZE + CELL_PADDING).collect();
    let rest = room - least.iter().sum::<f64>();
    if rest < 0.0 {
        return None;
    }
    // The square root keeps one column of prose from starving columns of a few words.
    let wishes: Vec<f64> = needs.iter().map(|need| ((need.most - need.least).max(0.0) + 0.5).sqrt()).collect();
    let all: f64 = wishes.iter().sum();
    Some(least.iter().zip(&wishes).map(|(least, wish)| least + rest * wish / all).collect())
}

/// Lines of the highest cell, roughly.
fn lines(needs: &[Need], columns: &[f64]) -> f64 {
    needs.iter().zip(columns).map(|(need, width)| (need.most * TEXT_SIZE / (width - CELL_PADDING).max(1.0) * 1.1).ceil()).fold(0.0, f64::max)
}
