//! The colours of a page, with the contrast that WCAG requires for every primary colour of a tenant.

use std::fmt;

/// The colours derived from a tenant's primary colour.
pub(super) struct Palette {
    pub(super) primary: Rgb,
    pub(super) on_primary: Rgb,
    pub(super) hover: Rgb,
    pub(super) light: SchemeColors,
    pub(super) dark: SchemeColors,
}

/// The primary colour, moved just as far as one scheme's background demands.
pub(super) struct SchemeColors {
    /// Focus rings: contrast 4.5 to 1, readable even as text.
    pub(super) accent: Rgb,
    /// A button's outline: contrast 3 to 1, as WCAG 1.4.11 requires for the shape of a control.
    pub(super) edge: Rgb,
}

impl Palette {
    /// The palette of `#RRGGBB`; any other text gives that of the house colour.
    pub(super) fn of(primary_color: &str) -> Self {
        Self::from(Rgb::parse(primary_color).unwrap_or(HOUSE_COLOR))
    }
}

impl From<Rgb> for Palette {
    fn from(primary: Rgb) -> Self {
        let on_primary = primary.readable_text();
        let away_from_text = if on_primary == WHITE { BLACK } else { WHITE };
        let tones = |background: Rgb, towards: Rgb| SchemeColors {
            accent: primary.until_contrast(background, towards, 4.5),
            edge: primary.until_contrast(background, towards, 3.0),
        };
        Self {
            primary,
            on_primary,
            hover: primary.mixed(away_from_text, 12),
            light: tones(LIGHT_BACKGROUND, BLACK),
            dark: tones(DARK_BACKGROUND, WHITE),
        }
    }
}

/// A colour of the sRGB space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rgb(u8, u8, u8);

const BLACK: Rgb = Rgb(0, 0, 0);
const WHITE: Rgb = Rgb(255, 255, 255);
const HOUSE_COLOR: Rgb = Rgb(0x0f, 0x6b, 0x66);
/// The background with the least contrast in each scheme, of `--page` and `--surface` in `templates/style.html`.
const LIGHT_BACKGROUND: Rgb = Rgb(0xf3, 0xf4, 0xf6);
const DARK_BACKGROUND: Rgb = Rgb(0x18, 0x1c, 0x22);

impl Rgb {
    fn parse(text: &str) -> Option<Self> {
        let digits = text
            .strip_prefix('#')
            .filter(|d| d.len() == 6 && d.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let channel = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some(Self(channel(0)?, channel(2)?, channel(4)?))
    }

    /// Black or white, the one with more contrast: at least 4.58 to 1 on every colour.
    fn readable_text(self) -> Self {
        if self.contrast(WHITE) >= self.contrast(BLACK) {
            WHITE
        } else {
            BLACK
        }
    }

    fn until_contrast(self, background: Self, towards: Self, wanted: f64) -> Self {
        (0..=100)
            .map(|percent| self.mixed(towards, percent))
            .find(|candidate| candidate.contrast(background) >= wanted)
            .unwrap_or(towards)
    }

    fn mixed(self, other: Self, percent: u16) -> Self {
        let channel = |from: u8, to: u8| {
            let sum = u16::from(from) * (100 - percent) + u16::from(to) * percent;
            u8::try_from(sum / 100).unwrap_or(u8::MAX)
        };
        Self(
            channel(self.0, other.0),
            channel(self.1, other.1),
            channel(self.2, other.2),
        )
    }

    /// WCAG 2.2, "contrast ratio".
    fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// WCAG 2.2, "relative luminance".
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }
}

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((BLACK.contrast(WHITE) - 21.0).abs() < 1e-9);
        assert!((WHITE.contrast(WHITE) - 1.0).abs() < 1e-9);
        // The best known threshold grey: #767676 on white is 4.54 to 1.
        assert!((Rgb(0x76, 0x76, 0x76).contrast(WHITE) - 4.54).abs() < 0.005);
    }

    #[test]
    fn every_primary_color_gives_readable_pages() {
        let steps = || (0..=255).step_by(15);
        for (r, g, b) in
            steps().flat_map(|r| steps().flat_map(move |g| steps().map(move |b| (r, g, b))))
        {
            let primary = Rgb(r, g, b);
            let palette = Palette::from(primary);
            assert!(palette.on_primary.contrast(primary) >= 4.5, "{primary}");
            assert!(
                palette.on_primary.contrast(palette.hover) >= 4.5,
                "{primary} hovered"
            );
            for (tones, background) in [
                (palette.light, LIGHT_BACKGROUND),
                (palette.dark, DARK_BACKGROUND),
            ] {
                assert!(
                    tones.accent.contrast(background) >= 4.5,
                    "{primary} on {background}"
                );
                assert!(
                    tones.edge.contrast(background) >= 3.0,
                    "{primary} on {background}"
                );
            }
        }
    }

    #[test]
    fn a_color_that_reads_well_is_left_alone() {
        let palette = Palette::of("#0A58CA");
        assert_eq!(palette.primary.to_string(), "#0a58ca");
        assert_eq!(palette.on_primary, WHITE);
        assert_eq!(
            (palette.light.accent, palette.light.edge),
            (palette.primary, palette.primary)
        );
        assert_eq!(Palette::of("#FFD400").on_primary, BLACK);
    }

    #[test]
    fn an_invalid_color_falls_back_to_the_default_color() {
        for text in [
            "",
            "red",
            "#12345",
            "#1234567",
            "#12345g",
            "#+1+1+1",
            "#é1234",
            "#000000;}",
        ] {
            assert_eq!(Palette::of(text).primary, HOUSE_COLOR, "{text}");
        }
    }

    #[test]
    fn the_style_sheet_agrees_with_the_constants() {
        let style = include_str!("../../templates/style.html");
        let house = Palette::from(HOUSE_COLOR);
        for (variable, color) in [
            ("page", LIGHT_BACKGROUND),
            ("surface", DARK_BACKGROUND),
            ("primary", house.primary),
            ("primary-hover", house.hover),
            ("on-primary", house.on_primary),
            ("accent", house.light.accent),
            ("accent", house.dark.accent),
            ("edge", house.light.edge),
            ("edge", house.dark.edge),
        ] {
            assert!(
                style.contains(&format!("--{variable}: {color};")),
                "{variable}"
            );
        }
    }
}
