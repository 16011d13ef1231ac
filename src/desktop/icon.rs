//! The picture of the icon: an envelope with a badge. Each state has a shape of its own as well as a colour, for who does not tell
//! colours apart; trials are marked by a band that says so.

use super::menu::Sign;
use super::status::Light;
use crate::base::Realm;

/// Width and height; whoever shows it makes it smaller.
pub const SIZE: u32 = 64;

/// Samples of a pixel in each direction: edges are smooth.
const FINE: u32 = 4;

type Colour = [u8; 3];

const WHITE: Colour = [255, 255, 255];
const INK: Colour = [30, 34, 40];

/// Rows of red, green, blue and opacity, from the top.
pub fn picture(sign: Sign) -> Vec<u8> {
    let mut octets = Vec::with_capacity((SIZE * SIZE * 4) as usize);
    for y in 0..SIZE {
        for x in 0..SIZE {
            octets.extend(pixel(sign, x, y));
        }
    }
    octets
}

/// The mean of its samples.
fn pixel(sign: Sign, x: u32, y: u32) -> [u8; 4] {
    let mut sums = [0_u32; 4];
    for sample in 0..FINE * FINE {
        let at = |whole: u32, part: u32| whole as f32 + (part as f32 + 0.5) / FINE as f32;
        let place = Place(at(x, sample % FINE), at(y, sample / FINE));
        if let Some([red, green, blue]) = colour(sign, place) {
            for (sum, value) in sums.iter_mut().zip([red, green, blue, 1]) {
                *sum += u32::from(value);
            }
        }
    }
    let shown = sums[3].max(1);
    let opacity = sums[3] * 255 / (FINE * FINE);
    [sums[0] / shown, sums[1] / shown, sums[2] / shown, opacity].map(|value| u8::try_from(value).unwrap_or(u8::MAX))
}

/// What is seen there; nothing: what is behind the icon.
fn colour(sign: Sign, place: Place) -> Option<Colour> {
    let of_test = match sign.realm {
        Realm::Test => band(place),
        Realm::Production => None,
    };
    of_test.or_else(|| badge(sign.light, place)).or_else(|| envelope(sign.light, place))
}

fn tint(light: Light) -> Colour {
    match light {
        Light::Ready => [0, 130, 95],
        Light::Attention => [214, 137, 0],
        Light::Waiting => [0, 104, 178],
        Light::Stopped => [190, 38, 38],
    }
}

fn envelope(light: Light, place: Place) -> Option<Colour> {
    if !place.is_in_box((2.0, 10.0), (62.0, 54.0)) {
        return None;
    }
    let is_edge = !place.is_in_box((5.0, 13.0), (59.0, 51.0));
    let flap = place
        .line_distance((5.0, 14.0), (32.0, 35.0))
        .min(place.line_distance((32.0, 35.0), (59.0, 14.0)));
    Some(if is_edge || flap < 2.0 { WHITE } else { tint(light) })
}

/// Where its centre is, and how far it reaches.
const BADGE: (f32, f32) = (45.0, 45.0);
const REACH: f32 = 15.0;
/// The rim that sets it apart from the envelope.
const RIM: f32 = 3.0;

fn badge(light: Light, place: Place) -> Option<Colour> {
    let outside = outline(light, place);
    if outside > RIM {
        return None;
    }
    let is_rim = outside > 0.0;
    Some(match (is_rim, is_drawn(light, place)) {
        (true, _) => WHITE,
        (false, true) => WHITE,
        (false, false) => tint(light),
    })
}

/// How far from the badge: a disc, a triangle, a lozenge, a square.
fn outline(light: Light, Place(x, y): Place) -> f32 {
    let (dx, dy) = (x - BADGE.0, y - BADGE.1);
    match light {
        Light::Ready => dx.hypot(dy) - REACH,
        Light::Attention => (dy - REACH).max(dx.abs() - 0.5 * dy - 0.55 * REACH),
        Light::Waiting => (dx.abs() + dy.abs()) * 0.75 - REACH,
        Light::Stopped => dx.abs().max(dy.abs()) - REACH * 0.9,
    }
}

/// The sign inside: a tick, an exclamation mark, three dots, a cross.
fn is_drawn(light: Light, place: Place) -> bool {
    let (x, y) = BADGE;
    let line = |(ax, ay), (bx, by)| place.line_distance((x + ax, y + ay), (x + bx, y + by));
    let dot = |dx| line((dx, 0.0), (dx, 0.0)) < 2.6;
    match light {
        Light::Ready => line((-7.0, 0.5), (-2.0, 6.0)).min(line((-2.0, 6.0), (7.5, -5.5))) < 2.4,
        Light::Attention => line((0.0, -5.0), (0.0, 4.0)) < 2.2 || line((0.0, 10.0), (0.0, 10.0)) < 2.5,
        Light::Waiting => dot(-8.0) || dot(0.0) || dot(8.0),
        Light::Stopped => line((-6.5, -6.5), (6.5, 6.5)).min(line((-6.5, 6.5), (6.5, -6.5))) < 2.5,
    }
}

/// The letters T, E, S, T, of three columns and five rows; the first bit is the left one.
const LETTERS: [[u8; 5]; 4] = [
    [0b111, 0b010, 0b010, 0b010, 0b010],
    [0b111, 0b100, 0b110, 0b100, 0b111],
    [0b111, 0b100, 0b111, 0b001, 0b111],
    [0b111, 0b010, 0b010, 0b010, 0b010],
];

fn band(place: Place) -> Option<Colour> {
    const CELL: f32 = 4.0;
    if !place.is_in_box((0.0, 0.0), (64.0, 26.0)) {
        return None;
    }
    let (column, row) = ((place.0 - 2.0) / CELL, (place.1 - 3.0) / CELL);
    let (letter, bit) = ((column / 4.0).floor(), (column.rem_euclid(4.0)).floor());
    let rows = (letter >= 0.0).then(|| LETTERS.get(letter as usize)).flatten();
    let row = rows.filter(|_| row >= 0.0).and_then(|rows| rows.get(row as usize));
    let is_letter = row.is_some_and(|row| bit < 3.0 && row >> (2 - bit as u32) & 1 == 1);
    Some(if is_letter { WHITE } else { INK })
}

/// A place on the picture, from its left upper corner.
#[derive(Clone, Copy)]
struct Place(f32, f32);

impl Place {
    fn is_in_box(self, (left, top): (f32, f32), (right, bottom): (f32, f32)) -> bool {
        self.0 >= left && self.0 < right && self.1 >= top && self.1 < bottom
    }

    /// How far from a stretch of a line.
    fn line_distance(self, (ax, ay): (f32, f32), (bx, by): (f32, f32)) -> f32 {
        let (dx, dy) = (bx - ax, by - ay);
        let length = dx * dx + dy * dy;
        let along = match length > 0.0 {
            true => (((self.0 - ax) * dx + (self.1 - ay) * dy) / length).clamp(0.0, 1.0),
            false => 0.0,
        };
        (self.0 - ax - along * dx).hypot(self.1 - ay - along * dy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIGHTS: [Light; 4] = [Light::Ready, Light::Attention, Light::Waiting, Light::Stopped];

    fn sign(light: Light, realm: Realm) -> Sign {
        Sign { light, realm }
    }

    /// Light or dark, nothing else: as it is seen without colours.
    fn grey(octets: &[u8]) -> Vec<bool> {
        octets
            .chunks(4)
            .map(|pixel| pixel[3] > 127 && pixel[..3].iter().all(|value| *value > 200))
            .collect()
    }

    #[test]
    fn states_differ_by_more_than_colour() {
        let seen: Vec<Vec<bool>> = LIGHTS.iter().map(|light| grey(&picture(sign(*light, Realm::Production)))).collect();
        for (a, one) in seen.iter().enumerate() {
            for other in seen.iter().skip(a + 1) {
                let differ = one.iter().zip(other).filter(|(a, b)| a != b).count();
                // Of 4,096; a badge has some 700.
                assert!(differ > 150, "{differ}");
            }
        }
    }

    #[test]
    fn trials_are_marked_in_every_state() {
        for light in LIGHTS {
            let (plain, marked) = (picture(sign(light, Realm::Production)), picture(sign(light, Realm::Test)));
            assert_eq!(plain.len(), (SIZE * SIZE * 4) as usize);
            // The band: opaque and dark where the plain one shows what is behind it.
            assert_eq!((plain[3], marked[3]), (0, 255));
            assert!(grey(&plain) != grey(&marked));
            // The badge stays.
            let below = (44 * SIZE * 4) as usize;
            assert_eq!(plain[below..], marked[below..]);
        }
    }
}
