//! Colours of a message: backgrounds as styles, and no text that its own paper hides.
//!
//! Mails say colours in ways that are not let through: the attributes `bgcolor`, `text` and `color`, the shorthand `background`, the
//! body. They become styles. Where one is lost all the same, such as a picture behind a text or a rule of a style sheet, what was
//! chosen to go with it could not be read any more; so what nobody could read gets a colour that can be.

use cssparser::color::{parse_hash_color, parse_named_color};
use html5ever::LocalName;

use super::{Dom, NodeId, Step, elements, set_attribute};
use crate::mail::dom::Content;

/// Red, green and blue.
type Colour = [u8; 3];

/// What a message is shown on, and what it is written in, where it says nothing of its own.
const PAPER: Colour = [255; 3];
const INK: Colour = [0; 3];

/// The least contrast of colours that were chosen to go together, by the measure of WCAG: 1 is none, 21 is black on white. It is far
/// below what is comfortable, so that only what is as good as hidden is changed.
const LEAST_CHOSEN: f64 = 1.5;

/// The same of a background for which no colour of the text was chosen.
const LEAST_FOUND: f64 = 3.0;

/// What a declaration says of a colour.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Said {
    /// A colour, and from 0 to 1 how much it covers of what is behind it.
    This(Colour, f64),
    /// As around it, or nothing at all.
    AsAround,
    /// It is not understood.
    Unknown,
}

/// A background that covers less is as what is around it.
const LEAST_COVER: f64 = 0.5;

/// Text on what is not known that covers less is hidden.
const LEAST_SEEN: f64 = 0.25;

/// Says colours as styles, whichever way they were said.
pub(super) fn say_as_styles(dom: &mut Dom) {
    for id in elements(dom, says_colours_otherwise) {
        let of = |name| dom.attribute(id, name).and_then(legacy).map(hex);
        let text = match dom.tag(id) {
            "body" => of("text"),
            "font" => of("color"),
            _ => None,
        };
        let behind = of("bgcolor").map(|colour| format!("background-color:{colour}"));
        let text = text.map(|colour| format!("color:{colour}"));
        let style = dom.attribute(id, "style").unwrap_or_default();
        // What a style says comes later, and so counts.
        let declared = style.split(';').filter_map(|declaration| {
            let (name, value) = declaration.split_once(':')?;
            if !name.trim().eq_ignore_ascii_case("background") {
                return Some(declaration.to_owned());
            }
            colour_in(value).map(|colour| format!("background-color:{colour}"))
        });
        let said: Vec<String> = behind.into_iter().chain(text).chain(declared).collect();
        // The sanitiser takes these elements away, and with them what they say.
        match dom.tag(id) {
            "body" => dom.rename(id, LocalName::from("div")),
            "font" => dom.rename(id, LocalName::from("span")),
            _ => {}
        }
        if let Some(attributes) = dom.attributes_mut(id) {
            set_attribute(attributes, "style", &said.join(";"));
        }
    }
}

fn says_colours_otherwise(dom: &Dom, id: NodeId) -> bool {
    let has = |name| dom.attribute(id, name).is_some();
    match dom.tag(id) {
        "body" => has("bgcolor") || has("text") || has("style"),
        "font" => has("color") || has("style"),
        _ => has("bgcolor") || dom.attribute(id, "style").is_some_and(has_shorthand),
    }
}

fn has_shorthand(style: &str) -> bool {
    style.split(';').any(|declaration| {
        let name = declaration.split(':').next().unwrap_or_default();
        name.trim().eq_ignore_ascii_case("background")
    })
}

/// Gives text that could not be read on what is behind it a colour in which it can be.
pub(super) fn keep_readable(dom: &mut Dom) {
    let mut around = vec![Place {
        behind: Some(PAPER),
        text: Some(INK),
        is_chosen: false,
    }];
    for step in dom.steps() {
        match step {
            Step::Enter(id) => {
                let outer = around.last().copied().unwrap_or_default();
                around.push(enter(dom, id, outer));
            }
            Step::Leave(_) => {
                around.pop();
            }
        }
    }
}

/// Colours at a place of a message; unknown where they are said in a way that is not understood.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    behind: Option<Colour>,
    text: Option<Colour>,
    /// Whether the message itself says the colour of the text.
    is_chosen: bool,
}

impl Place {
    fn is_readable(self) -> bool {
        let (Some(behind), Some(text)) = (self.behind, self.text) else {
            return true;
        };
        let least = if self.is_chosen {
            LEAST_CHOSEN
        } else {
            LEAST_FOUND
        };
        contrast(behind, text) >= least
    }
}

/// Goes into a node, and mends its colours where they hide its text.
fn enter(dom: &mut Dom, id: NodeId, outer: Place) -> Place {
    let Content::Element { .. } = dom.node(id).content else {
        return outer;
    };
    let Some(style) = dom.attribute(id, "style") else {
        return outer;
    };
    let behind = said_of(style, "background-color");
    let text = said_of(style, "color");
    let mut here = outer;
    match behind {
        Said::This(colour, cover) if cover >= LEAST_COVER => here.behind = Some(colour),
        Said::This(..) | Said::AsAround => {}
        Said::Unknown => here.behind = None,
    }
    let mut is_hidden = false;
    match text {
        Said::This(colour, cover) => {
            let seen = here.behind.map(|behind| mixed(behind, colour, cover));
            (here.text, here.is_chosen) = (seen.or(Some(colour)), true);
            is_hidden = seen.is_none() && cover < LEAST_SEEN;
        }
        Said::Unknown => here.text = None,
        Said::AsAround => {}
    }
    if here.is_readable() && !is_hidden {
        return here;
    }
    let mut kept: Vec<String> = style
        .split(';')
        .filter(|declaration| !is_named(declaration, "color") && !declaration.trim().is_empty())
        .map(str::to_owned)
        .collect();
    (here.text, here.is_chosen) = (outer.text, outer.is_chosen);
    if !here.is_readable() {
        let behind = here.behind.unwrap_or(PAPER);
        let best = if contrast(behind, INK) >= contrast(behind, PAPER) {
            INK
        } else {
            PAPER
        };
        kept.push(format!("color:{}", hex(best)));
        (here.text, here.is_chosen) = (Some(best), true);
    }
    if let Some(attributes) = dom.attributes_mut(id) {
        set_attribute(attributes, "style", &kept.join(";"));
    }
    here
}

fn is_named(declaration: &str, wanted: &str) -> bool {
    let name = declaration.split(':').next().unwrap_or_default();
    name.trim().eq_ignore_ascii_case(wanted)
}

/// What a style says by a property; of several declarations the last counts.
fn said_of(style: &str, property: &str) -> Said {
    let declared = style
        .split(';')
        .rfind(|declaration| is_named(declaration, property));
    let value = declared.and_then(|declaration| declaration.split_once(':'));
    value.map_or(Said::AsAround, |(_, value)| read(value))
}

/// Reads the value of a declaration.
fn read(value: &str) -> Said {
    let value = value.to_ascii_lowercase();
    let value = value.split('!').next().unwrap_or_default().trim();
    match value {
        "transparent" => return Said::This(INK, 0.0),
        "" | "none" | "inherit" | "initial" | "unset" | "currentcolor" => {
            return Said::AsAround;
        }
        _ => {}
    }
    if let Some(digits) = value.strip_prefix('#') {
        return match parse_hash_color(digits.as_bytes()) {
            Ok((red, green, blue, alpha)) => Said::This([red, green, blue], f64::from(alpha)),
            // What is no colour is passed over.
            Err(()) => Said::AsAround,
        };
    }
    if let Ok((red, green, blue)) = parse_named_color(value) {
        return Said::This([red, green, blue], 1.0);
    }
    if value.starts_with("rgb") {
        read_rgb(value)
    } else {
        Said::Unknown
    }
}

/// Reads `rgb(…)` and `rgba(…)`.
fn read_rgb(value: &str) -> Said {
    let Some((_, inner)) = value.split_once('(') else {
        return Said::Unknown;
    };
    let parts: Vec<&str> = inner
        .trim_end_matches(')')
        .split([',', ' ', '/'])
        .filter(|part| !part.is_empty())
        .collect();
    let (parts, cover) = match parts[..] {
        [red, green, blue] => ([red, green, blue], Some(1.0)),
        [red, green, blue, cover] => ([red, green, blue], number(cover, 1.0)),
        _ => return Said::Unknown,
    };
    match (parts.map(|part| number(part, 255.0)), cover) {
        ([Some(red), Some(green), Some(blue)], Some(cover)) => {
            Said::This(colour(red, green, blue), cover.clamp(0.0, 1.0))
        }
        _ => Said::Unknown,
    }
}

/// A number, or so many hundredths of a whole.
fn number(text: &str, whole: f64) -> Option<f64> {
    match text.strip_suffix('%') {
        Some(percent) => Some(percent.parse::<f64>().ok()? / 100.0 * whole),
        None => text.parse().ok(),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte"
)]
fn colour(red: f64, green: f64, blue: f64) -> Colour {
    [red, green, blue].map(|part| part.clamp(0.0, 255.0).round() as u8)
}

/// What is seen of a colour that covers so much of what is behind it.
fn mixed(behind: Colour, colour: Colour, cover: f64) -> Colour {
    let part = |at: usize| f64::from(behind[at]) * (1.0 - cover) + f64::from(colour[at]) * cover;
    self::colour(part(0), part(1), part(2))
}

/// The colour among the words of a shorthand.
fn colour_in(shorthand: &str) -> Option<&str> {
    let mut depth = 0_usize;
    let is_between = |c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && c.is_whitespace()
    };
    let mut words = shorthand.split(is_between);
    words.find(|word| matches!(read(word), Said::This(_, cover) if cover >= LEAST_COVER))
}

/// A colour as an attribute says it: with digits, also without their sign, or by name.
fn legacy(value: &str) -> Option<Colour> {
    let value = value.trim().to_ascii_lowercase();
    let digits = value.strip_prefix('#').unwrap_or(&value);
    match parse_named_color(&value) {
        Ok((red, green, blue)) => Some([red, green, blue]),
        Err(()) if matches!(digits.len(), 3 | 6) => {
            let (red, green, blue, _) = parse_hash_color(digits.as_bytes()).ok()?;
            Some([red, green, blue])
        }
        Err(()) => None,
    }
}

fn hex([red, green, blue]: Colour) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// The contrast of two colours as WCAG 2.2 reckons it, from 1 to 21.
fn contrast(one: Colour, other: Colour) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(colour: Colour) -> f64 {
    let [red, green, blue] = colour.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}
