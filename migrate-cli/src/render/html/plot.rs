//! Calls and clients per day as inline SVG. Drawn twice, for wide and for narrow screens: text in
//! a picture that is scaled down cannot be read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::table::thousands;
use super::heat::compact;
use crate::audit::moment::Day;
use crate::audit::report::{DayReport, Report};

/// Days shown at most; the latest.
const DAYS: usize = 184;
/// Space for numbers at the left and right, and for days below.
const LEFT: f64 = 46.0;
const RIGHT: f64 = 34.0;
const BOTTOM: f64 = 24.0;
const TOP: f64 = 10.0;

/// Both pictures with their key.
pub(super) fn burn_down(report: &Report, out: &mut String) {
    let days = every_day(&report.days);
    if days.len() < 2 {
        return;
    }
    out.push_str("<h2>Calls per day</h2>\n<div class=\"keys\"><span><i class=\"dot fill-covered\"></i>V1 calls</span><span><i class=\"dot fill-ready\" style=\"opacity:.55\"></i>V2 calls</span>");
    if report.clients.len() > 1 {
        out.push_str("<span><i class=\"dot fill-blocked\" style=\"height:3px\"></i>clients that use V1 (right)</span>");
    }
    out.push_str("</div>\n");
    let with_clients = report.clients.len() > 1;
    for (class, width, height) in [("wide", 1076.0, 260.0), ("narrow", 358.0, 220.0)] {
        let _ = writeln!(
            out,
            "<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"V1 and V2 calls per day\">"
        );
        draw(&days, width, height, with_clients, out);
        out.push_str("</svg>\n");
    }
}

/// Calls of one client per day, as one small row of columns.
pub(super) fn small(days: &[DayReport], first: Day, last: Day, out: &mut String) {
    let count = f64::from(last.0 - first.0 + 1);
    let most = days.iter().map(|day| day.v1.max(day.v2)).max().unwrap_or(0);
    if most == 0 || count < 2.0 {
        return;
    }
    let (width, height) = (600.0, 44.0);
    let step = width / count;
    let _ = write!(
        out,
        "<svg viewBox=\"0 0 {width} {height}\" preserveAspectRatio=\"none\" style=\"height:44px\" role=\"img\" aria-label=\"calls per day\"><line class=\"grid\" x1=\"0\" x2=\"{width}\" y1=\"{height}\" y2=\"{height}\"/>"
    );
    for day in days.iter().filter(|day| day.day >= first) {
        let x = f64::from(day.day.0 - first.0) * step;
        for (class, calls, at) in [("v1", day.v1, 0.1), ("v2", day.v2, 0.5)] {
            if calls > 0 {
                let tall = (ratio(calls, most) * (height - 2.0)).max(1.5);
                let _ = write!(
                    out,
                    "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{tall:.1}\"><title>{}: {} calls of {}</title></rect>",
                    x + step * at,
                    height - tall,
                    step * 0.38,
                    day.day,
                    thousands(calls),
                    class.to_uppercase()
                );
            }
        }
    }
    out.push_str("</svg>\n");
}

/// All days from the first to the last, those without calls too.
fn every_day(days: &[DayReport]) -> Vec<DayReport> {
    let known: BTreeMap<Day, &DayReport> = days.iter().map(|day| (day.day, day)).collect();
    let (Some((first, _)), Some((last, _))) = (known.first_key_value(), known.last_key_value())
    else {
        return Vec::new();
    };
    let span = i32::try_from(DAYS).expect("it is small");
    (first.0.max(last.0 - span + 1)..=last.0)
        .map(|day| {
            known.get(&Day(day)).map_or(
                DayReport {
                    day: Day(day),
                    v1: 0,
                    v2: 0,
                    v1_clients: 0,
                },
                |day| (*day).clone(),
            )
        })
        .collect()
}

fn draw(days: &[DayReport], width: f64, height: f64, with_clients: bool, out: &mut String) {
    let most = days.iter().map(|day| day.v1 + day.v2).max().unwrap_or(0);
    let top = round_up(most);
    let floor = height - BOTTOM;
    let tall = floor - TOP;
    let count = u32::try_from(days.len()).map_or(1.0, f64::from);
    let step = (width - LEFT - RIGHT) / count;
    for part in 0..=4_u32 {
        let y = floor - tall * f64::from(part) / 4.0;
        let _ = writeln!(
            out,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            width - RIGHT,
            LEFT - 8.0,
            y + 4.0,
            compact(top * u64::from(part) / 4)
        );
    }
    let label_every = (58.0 / step).ceil().max(1.0);
    for (index, day) in days.iter().enumerate() {
        let at = u32::try_from(index).map_or(0.0, f64::from);
        let x = LEFT + at * step;
        let v1 = tall * ratio(day.v1, top);
        let v2 = tall * ratio(day.v2, top);
        let title = format!(
            "<title>{}: {} calls of V1, {} of V2</title>",
            day.day,
            thousands(day.v1),
            thousands(day.v2)
        );
        for (class, y, tall) in [("v1", floor - v1, v1), ("v2", floor - v1 - v2, v2)] {
            if tall > 0.0 {
                let _ = write!(
                    out,
                    "<rect class=\"{class}\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{tall:.1}\">{title}</rect>",
                    x + step * 0.12,
                    step * 0.76
                );
            }
        }
        if at % label_every == 0.0 {
            let _ = writeln!(
                out,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                x + step / 2.0,
                height - 6.0,
                &day.day.to_string()[5..]
            );
        }
    }
    if with_clients {
        clients(days, width, floor, tall, step, out);
    }
}

/// The line of clients that still use V1, with its own scale at the right.
fn clients(days: &[DayReport], width: f64, floor: f64, tall: f64, step: f64, out: &mut String) {
    let most = days.iter().map(|day| day.v1_clients).max().unwrap_or(0);
    if most == 0 {
        return;
    }
    let top = round_up(most);
    let mut points = String::new();
    let mut last = (0.0, 0.0);
    for (index, day) in days.iter().enumerate() {
        let at = u32::try_from(index).map_or(0.0, f64::from);
        last = (
            LEFT + (at + 0.5) * step,
            floor - tall * ratio(day.v1_clients, top),
        );
        let _ = write!(points, "{:.1},{:.1} ", last.0, last.1);
    }
    let _ = writeln!(
        out,
        "<polyline class=\"trend\" points=\"{}\"/><circle class=\"spot\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\"/>",
        points.trim_end(),
        last.0,
        last.1
    );
    for part in [0_u32, 2, 4] {
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            width - RIGHT + 8.0,
            floor - tall * f64::from(part) / 4.0 + 4.0,
            compact(top * u64::from(part) / 4)
        );
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a picture shows three digits at most"
)]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// The next number that four lines divide well.
fn round_up(number: u64) -> u64 {
    let mut unit = 1;
    loop {
        for step in [4, 8, 12, 20, 40] {
            if unit * step >= number {
                return unit * step;
            }
        }
        unit *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_without_calls_are_shown_as_such() {
        let day = |day, v1| DayReport {
            day: Day(day),
            v1,
            v2: 0,
            v1_clients: 1,
        };
        let days = every_day(&[day(100, 5), day(103, 7)]);
        assert_eq!(
            days.iter().map(|day| day.v1).collect::<Vec<_>>(),
            [5, 0, 0, 7]
        );
    }

    #[test]
    fn scales_end_at_a_number_that_four_lines_divide() {
        assert_eq!(
            [0, 4, 5, 13, 41, 399, 900].map(round_up),
            [4, 4, 8, 20, 80, 400, 1200]
        );
    }
}
