//! The geometry of charts: which bar, line and word stands where.
//!
//! Job: turn a chart into marks with finished positions, so that Typst and a browser only place them. Neighbours:
//! `text::document` below; `data` writes the marks for the PDF, `html` for the page. Never does: choose words, or know what
//! is counted.
//!
//! Series are named where they are drawn, never in a legend; every axis begins at zero.

use crate::text::document::{Chart, ChartKind, ChartRow, count_text};

use super::error::ChartFault;
use super::words::shorten_by;

/// The hues, each at least 3 to 1 on white (WCAG 2.2, 1.4.11). Their lightness (CIE L*: 20, 53, 30, 61, 41) keeps any two apart in grey,
/// neighbours by 20 at least; with protanopia, deuteranopia and tritanopia (Machado 2009) no two come nearer than ΔE 15.
const HUES: [&str; Chart::MOST_SERIES] = [
    "#14305a", // navy, L* 20
    "#3f86b5", // blue, L* 53
    "#7e2442", // wine, L* 30
    "#d08214", // ochre, L* 61
    "#3c6a38", // green, L* 41
];
/// Colour of a value inside a segment of each hue, at least 4.5 to 1 on it.
const ON_HUES: [&str; Chart::MOST_SERIES] = ["#ffffff", INK, "#ffffff", INK, "#ffffff"];
/// Strokes that keep lines apart where hues do not: none is a full line, else lengths of stroke and gap.
const DASHES: [&[f64]; Chart::MOST_SERIES] = [&[], &[6.0, 2.0], &[2.0, 1.6], &[8.0, 2.0, 1.6, 2.0], &[3.6, 2.4]];
const INK: &str = "#000000";
/// Text beside the point, as `quiet` in `layout.typ`.
const QUIET: &str = "#575757";
const HAIR: &str = "#cccccc";

/// Points of row labels and values, and of what is smaller: values in segments, ticks, names of segments.
const TEXT_SIZE: f64 = 9.5;
const SMALL_SIZE: f64 = 8.5;
/// Points from one bar to the next, and of the bar.
const PITCH: f64 = 19.0;
const BAR: f64 = 12.0;
/// Points of the band above a bar in which segments are named.
const NAMES: f64 = 19.0;
/// Points between a text and what it belongs to, and between two names side by side.
const GAP: f64 = 5.0;
const NAME_GAP: f64 = 10.0;
/// Share of the width that row labels, or the names of lines, may take.
const LABEL_SHARE: f64 = 0.36;
/// Points of the thinnest bar of a value that is not zero: present, and still of the right order.
const THINNEST: f64 = 0.8;
/// Rows of one figure; more rows are several figures, so that none is higher than most of a page.
const MOST_ROWS: usize = 24;
/// Points of the plot of a line chart.
const PLOT: f64 = 150.0;
/// Points at which the names of two lines are apart.
const LINE_NAMES: f64 = 12.0;
/// Up to this many points in time each has a dot.
const FEW_POINTS: usize = 13;

/// Where the `x` of a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// At its left edge.
    Start,
    /// In its middle.
    Middle,
    /// At its right edge.
    End,
}

impl Anchor {
    /// Its name, which is that of SVG too.
    pub(super) fn name(self) -> &'static str {
        match self {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        }
    }
}

/// Something on the paper; lengths in points, from the top left corner of the figure.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Mark {
    Bar {
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        colour: &'static str,
    },
    Line {
        points: Vec<[f64; 2]>,
        colour: &'static str,
        thickness: f64,
        dash: &'static [f64],
    },
    Dot {
        x: f64,
        y: f64,
        radius: f64,
        colour: &'static str,
    },
    /// One line of text; `y` is the middle of its capitals.
    Text {
        x: f64,
        y: f64,
        anchor: Anchor,
        size: f64,
        bold: bool,
        colour: &'static str,
        text: String,
    },
}

/// One drawing.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figure {
    /// Its height in points.
    pub(super) height: f64,
    /// What is in it; later marks lie above earlier ones.
    pub(super) marks: Vec<Mark>,
}

/// Width in em of a text, bold or not.
pub(super) type Measure<'a> = &'a dyn Fn(&str, bool) -> f64;

/// Draws a chart as one figure, or as several of the same scale where its rows are many; never as none.
pub(super) fn draw(chart: &Chart, width: f64, measure: Measure<'_>) -> Result<Vec<Figure>, ChartFault> {
    check(chart)?;
    let pen = Pen { chart, width, measure };
    Ok(match chart.kind {
        ChartKind::Line => vec![pen.lines()],
        ChartKind::Bars | ChartKind::Stacked => {
            let scale = pen.scale();
            let figures = chart.rows.len().div_ceil(MOST_ROWS);
            chart.rows.chunks(chart.rows.len().div_ceil(figures)).map(|rows| pen.bars(rows, &scale)).collect()
        }
    })
}

fn check(chart: &Chart) -> Result<(), ChartFault> {
    let most = if chart.kind == ChartKind::Bars { 1 } else { Chart::MOST_SERIES };
    let expected = chart.series.len();
    if chart.title.trim().is_empty() {
        return Err(ChartFault::NoTitle);
    }
    if chart.alternative.trim().is_empty() {
        return Err(ChartFault::NoAlternative);
    }
    if chart.rows.is_empty() {
        return Err(ChartFault::NoRows);
    }
    if !(1..=most).contains(&expected) {
        return Err(ChartFault::Series { found: expected, most });
    }
    match chart.rows.iter().find(|row| row.values.len() != expected) {
        Some(row) => Err(ChartFault::Row { label: row.label.clone(), expected, found: row.values.len() }),
        None => Ok(()),
    }
}

fn total(row: &ChartRow) -> u64 {
    row.values.iter().map(|value| u64::from(*value)).sum()
}

/// Where bars begin, and points for each unit; the same in all figures of a chart.
struct Scale {
    labels: f64,
    zero: f64,
    points: f64,
}

struct Pen<'a> {
    chart: &'a Chart,
    width: f64,
    measure: Measure<'a>,
}

impl Pen<'_> {
    /// Width in points; letters outside Latin, Greek and Cyrillic may be as wide as they are high.
    fn width(&self, text: &str, size: f64, bold: bool) -> f64 {
        let wide = text.chars().filter(|character| *character >= '\u{1100}').count();
        ((self.measure)(text, bold) + 0.4 * wide as f64) * size
    }

    fn cut(&self, text: &str, size: f64, width: f64) -> String {
        shorten_by(&|text| self.width(text, size, false) / size, text, width / size)
    }

    fn widest<'t>(&self, texts: impl Iterator<Item = &'t str>, size: f64, bold: bool) -> f64 {
        texts.map(|text| self.width(text, size, bold)).fold(0.0, f64::max)
    }

    fn scale(&self) -> Scale {
        let rows = &self.chart.rows;
        let labels = self.widest(rows.iter().map(|row| row.label.as_str()), TEXT_SIZE, false).min(self.width * LABEL_SHARE);
        let totals: Vec<String> = rows.iter().map(|row| count_text(total(row))).collect();
        let zero = if labels > 0.0 { labels + 2.0 * GAP } else { 0.0 };
        let slivers = THINNEST * self.chart.series.len() as f64;
        let room = self.width - zero - self.widest(totals.iter().map(String::as_str), TEXT_SIZE, true) - GAP - slivers;
        let most = rows.iter().map(total).max().unwrap_or(0).max(1);
        Scale { labels, zero, points: room / most as f64 }
    }

    /// Bars from top to bottom; a bar of one series is a stack of one.
    fn bars(&self, rows: &[ChartRow], scale: &Scale) -> Figure {
        let stacked = self.chart.kind == ChartKind::Stacked;
        let mut marks = Vec::new();
        let naming = if stacked { naming(rows, self.chart.series.len()) } else { Vec::new() };
        let mut y = 0.0;
        for (at, row) in rows.iter().enumerate() {
            let named: Vec<usize> = (0..naming.len()).filter(|series| naming[*series] == Some(at)).collect();
            if !named.is_empty() {
                self.names(row, scale, &named, y, &mut marks);
                y += NAMES;
            }
            // The axis, open where segments are named.
            marks.push(Mark::Line { points: vec![[scale.zero, y], [scale.zero, y + PITCH]], colour: INK, thickness: 0.6, dash: &[] });
            let middle = y + PITCH / 2.0;
            let label = self.cut(&row.label, TEXT_SIZE, scale.labels);
            marks.push(Mark::Text { x: 0.0, y: middle, anchor: Anchor::Start, size: TEXT_SIZE, bold: false, colour: INK, text: label });
            let mut x = scale.zero;
            for (series, value) in row.values.iter().enumerate().filter(|(_, value)| **value > 0) {
                let width = (f64::from(*value) * scale.points).max(THINNEST);
                // A white joint, unless there would be nothing left of the segment.
                let joint = if stacked && width > 2.0 { 0.7 } else { 0.0 };
                marks.push(Mark::Bar { x, y: middle - BAR / 2.0, width: width - joint, height: BAR, colour: HUES[series] });
                let text = count_text((*value).into());
                if stacked && u64::from(*value) != total(row) && self.width(&text, SMALL_SIZE, false) + 4.0 <= width {
                    let x = x + (width - joint) / 2.0;
                    marks.push(Mark::Text { x, y: middle, anchor: Anchor::Middle, size: SMALL_SIZE, bold: false, colour: ON_HUES[series], text });
                }
                x += width;
            }
            let text = count_text(total(row));
            marks.push(Mark::Text { x: x + GAP, y: middle, anchor: Anchor::Start, size: TEXT_SIZE, bold: stacked, colour: INK, text });
            y += PITCH;
        }
        let nowhere = naming.iter().zip(&self.chart.series).filter(|(row, _)| row.is_none());
        let nowhere: Vec<String> = nowhere.map(|(_, name)| format!("{}: 0", self.cut(name, SMALL_SIZE, 120.0))).collect();
        if !nowhere.is_empty() {
            y += PITCH;
            let text = self.cut(&nowhere.join(" \u{b7} "), SMALL_SIZE, self.width);
            marks.push(Mark::Text { x: 0.0, y: y - PITCH / 2.0, anchor: Anchor::Start, size: SMALL_SIZE, bold: false, colour: QUIET, text });
        }
        Figure { height: y, marks }
    }

    /// Names above segments of a row, side by side, each with a line to its segment.
    fn names(&self, row: &ChartRow, scale: &Scale, named: &[usize], y: f64, marks: &mut Vec<Mark>) {
        let mut segments = Vec::new();
        let mut x = scale.zero;
        for (series, value) in row.values.iter().enumerate().filter(|(_, value)| **value > 0) {
            let width = (f64::from(*value) * scale.points).max(THINNEST);
            if named.contains(&series) {
                segments.push((series, x, width));
            }
            x += width;
        }
        let count = segments.len() as f64;
        let fair = (self.width - NAME_GAP * (count - 1.0)) / count;
        let all: f64 = segments.iter().map(|(series, ..)| self.width(&self.chart.series[*series], SMALL_SIZE, false)).sum();
        let most = if all + NAME_GAP * (count - 1.0) <= self.width { f64::INFINITY } else { fair };
        let names: Vec<String> = segments.iter().map(|(series, ..)| self.cut(&self.chart.series[*series], SMALL_SIZE, most)).collect();
        let widths: Vec<f64> = names.iter().map(|name| self.width(name, SMALL_SIZE, false)).collect();
        let mut starts: Vec<f64> = segments.iter().map(|(_, x, _)| *x).collect();
        spread(&mut starts, &widths, NAME_GAP, self.width);
        for (((series, x, width), name), (start, long)) in segments.into_iter().zip(names).zip(starts.into_iter().zip(widths)) {
            let colour = HUES[series];
            let (left, right) = (x.max(start), (x + width).min(start + long));
            // Straight down where name and segment overlap, else aslant from the nearer end of the name.
            let inset = (width / 2.0).min(3.0);
            let (from, to) =
                if left + inset <= right { (left + inset, left + inset) } else { (if start > x { start + 2.0 } else { start + long - 2.0 }, x + width / 2.0) };
            let points = vec![[from, y + 12.0], [to, y + NAMES + (PITCH - BAR) / 2.0]];
            marks.push(Mark::Line { points, colour, thickness: 0.8, dash: &[] });
            marks.push(Mark::Text { x: start, y: y + 6.5, anchor: Anchor::Start, size: SMALL_SIZE, bold: false, colour: INK, text: name });
        }
    }

    fn lines(&self) -> Figure {
        let (series, rows) = (&self.chart.series, &self.chart.rows);
        let ticks = ticks(rows.iter().flat_map(|row| row.values.iter().copied()).max().unwrap_or(0));
        let texts: Vec<String> = ticks.iter().map(|tick| count_text(*tick)).collect();
        let last: Vec<String> = rows.last().map(|row| row.values.iter().map(|value| count_text((*value).into())).collect()).unwrap_or_default();
        let value_width = self.widest(last.iter().map(String::as_str), TEXT_SIZE, true);
        let name_room = self.width * LABEL_SHARE - value_width;
        let names: Vec<String> = series.iter().map(|name| self.cut(name, TEXT_SIZE, name_room)).collect();
        let name_width = self.widest(names.iter().map(String::as_str), TEXT_SIZE, false);
        let top = ticks.last().copied().unwrap_or(1) as f64;
        let left = self.widest(texts.iter().map(String::as_str), SMALL_SIZE, false) + GAP;
        // Room for the first dot, for the leader of a name, the value and the name.
        let (first, end) = (left + 8.0, self.width - value_width - name_width - 3.5 * GAP);
        let above = SMALL_SIZE / 2.0;
        let x = |at: usize| if rows.len() == 1 { end } else { first + (end - first) * at as f64 / (rows.len() - 1) as f64 };
        let y = |value: f64| above + PLOT * (1.0 - value / top);
        let mut marks = Vec::new();
        for (tick, text) in ticks.iter().zip(texts) {
            let y = y(*tick as f64);
            let (colour, thickness) = if *tick == 0 { (INK, 0.6) } else { (HAIR, 0.5) };
            marks.push(Mark::Line { points: vec![[left, y], [end + 3.0, y]], colour, thickness, dash: &[] });
            marks.push(Mark::Text { x: left - GAP, y, anchor: Anchor::End, size: SMALL_SIZE, bold: false, colour: QUIET, text });
        }
        self.times(&x, above + PLOT, (left, end), &mut marks);
        for at in (0..series.len()).rev() {
            let colour = HUES[at];
            let points: Vec<[f64; 2]> = rows.iter().enumerate().map(|(row, values)| [x(row), y(f64::from(values.values[at]))]).collect();
            let seen = if points.len() <= FEW_POINTS { points.as_slice() } else { &points[points.len() - 1..] };
            marks.extend(seen.iter().map(|[x, y]| Mark::Dot { x: *x, y: *y, radius: 1.9, colour }));
            if points.len() > 1 {
                marks.push(Mark::Line { points, colour, thickness: 1.5, dash: DASHES[at] });
            }
        }
        // Names stand at the ends of their lines, from top to bottom, pushed apart where lines meet.
        let ends: Vec<f64> = rows.last().map(|row| row.values.iter().map(|value| y(f64::from(*value))).collect()).unwrap_or_default();
        let mut order: Vec<usize> = (0..series.len()).collect();
        order.sort_by(|a, b| ends[*a].total_cmp(&ends[*b]));
        let mut starts: Vec<f64> = order.iter().map(|at| ends[*at] - LINE_NAMES / 2.0).collect();
        spread(&mut starts, &vec![LINE_NAMES; series.len()], 0.0, above + PLOT + LINE_NAMES / 2.0);
        let from = x(rows.len() - 1);
        for (at, start) in order.into_iter().zip(starts) {
            let middle = start + LINE_NAMES / 2.0;
            let column = end + 2.0 * GAP;
            marks.push(Mark::Line { points: vec![[from + 3.0, ends[at]], [column - 2.0, middle]], colour: HUES[at], thickness: 0.8, dash: &[] });
            let text =
                |x: f64, bold: bool, text: &str| Mark::Text { x, y: middle, anchor: Anchor::Start, size: TEXT_SIZE, bold, colour: INK, text: text.to_owned() };
            marks.push(text(column, true, &last[at]));
            marks.push(text(column + self.width(&last[at], TEXT_SIZE, true) + 0.7 * GAP, false, &names[at]));
        }
        Figure { height: above + PLOT + 18.0, marks }
    }

    /// Names of points in time under the axis: as many as have room, the last always among them.
    fn times(&self, x: &dyn Fn(usize) -> f64, axis: f64, (left, end): (f64, f64), marks: &mut Vec<Mark>) {
        let rows = &self.chart.rows;
        let labels: Vec<String> = rows.iter().map(|row| self.cut(&row.label, SMALL_SIZE, (end - left) / 2.2)).collect();
        let widest = self.widest(labels.iter().map(String::as_str), SMALL_SIZE, false) + NAME_GAP;
        let pitch = if rows.len() > 1 { x(1) - x(0) } else { f64::INFINITY };
        let every = ((widest / pitch).ceil() as usize).max(1);
        for (at, text) in labels.into_iter().enumerate().rev().step_by(every) {
            let half = self.width(&text, SMALL_SIZE, false) / 2.0;
            let middle = x(at);
            marks.push(Mark::Line { points: vec![[middle, axis], [middle, axis + 3.0]], colour: INK, thickness: 0.6, dash: &[] });
            // The first and the last must not run off the paper.
            let x = middle.min(self.width - half).max(half);
            marks.push(Mark::Text { x, y: axis + 11.0, anchor: Anchor::Middle, size: SMALL_SIZE, bold: false, colour: QUIET, text });
        }
    }
}

/// The row above which each series is named; none where it is zero in all of them.
///
/// One row names as many series as any can, the first whose bar is not much shorter than that of others like it: names over slivers
/// cannot be told apart. What it has not is named over its widest segment.
fn naming(rows: &[ChartRow], series: usize) -> Vec<Option<usize>> {
    let filled = |row: &ChartRow| row.values.iter().filter(|value| **value > 0).count();
    let most = rows.iter().map(filled).max().unwrap_or(0);
    let longest = rows.iter().filter(|row| filled(row) == most).map(total).max().unwrap_or(0);
    let first = rows.iter().position(|row| filled(row) == most && total(row) * 2 >= longest);
    let widest = |series: usize| (0..rows.len()).rev().filter(|at| rows[*at].values[series] > 0).max_by_key(|at| rows[*at].values[series]);
    (0..series).map(|series| first.filter(|at| rows[*at].values[series] > 0).or_else(|| widest(series))).collect()
}

/// Moves pieces of these lengths apart so that none overlaps the next and the last ends at `end`; their order stays.
fn spread(starts: &mut [f64], lengths: &[f64], gap: f64, end: f64) {
    for at in 1..starts.len() {
        starts[at] = starts[at].max(starts[at - 1] + lengths[at - 1] + gap);
    }
    let mut limit = end;
    for at in (0..starts.len()).rev() {
        starts[at] = starts[at].min(limit - lengths[at]);
        limit = starts[at] - gap;
    }
}

/// Three to five round numbers from zero to at least this value.
fn ticks(most: u32) -> Vec<u64> {
    let most = u64::from(most);
    let steps = (0..=9)
        .flat_map(|zeros| [10, 20, 25, 30, 40, 50].map(|step: u64| step * 10u64.pow(zeros)))
        .filter(|tenfold| tenfold % 10 == 0)
        .map(|tenfold| tenfold / 10);
    let (step, count) = steps
        .map(|step| (step, most.div_ceil(step).max(2)))
        .filter(|(_, count)| *count <= 4)
        .min_by_key(|(step, count)| step * count)
        .unwrap_or((most.max(1), 2));
    (0..=count).map(|at| at * step).collect()
}

#[cfg(test)]
mod tests {
    use super::{spread, ticks};

    #[test]
    fn axis_has_three_to_five_round_ticks_and_reaches_the_highest_value() {
        assert_eq!(ticks(0), [0, 1, 2]);
        assert_eq!(ticks(41), [0, 25, 50]);
        assert_eq!(ticks(100), [0, 25, 50, 75, 100]);
        assert_eq!(ticks(5), [0, 2, 4, 6]);
        for most in (0..2000).chain([u32::MAX - 1, u32::MAX, 1_000_000_000, 2_000_000_001]) {
            let ticks = ticks(most);
            assert!((3..=5).contains(&ticks.len()) && *ticks.last().unwrap() >= u64::from(most), "{most}: {ticks:?}");
        }
    }

    #[test]
    fn names_pushed_apart_keep_their_order_and_stay_inside() {
        let mut starts = [90.0, 91.0, 92.0];
        spread(&mut starts, &[20.0, 20.0, 20.0], 5.0, 100.0);
        assert_eq!(starts, [30.0, 55.0, 80.0]);
    }
}
