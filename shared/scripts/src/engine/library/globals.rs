//! The globals that the library adds to the language.

use rquickjs::{Array, Ctx, Result};

/// The globals, each with its module and the member of the module; `None` for the module itself.
const GLOBALS: [(&str, &str, Option<&str>); 18] = [
    ("AbortController", "internal/abort", Some("AbortController")),
    ("AbortSignal", "internal/abort", Some("AbortSignal")),
    ("Buffer", "buffer", Some("Buffer")),
    ("Headers", "internal/fetch", Some("Headers")),
    ("Response", "internal/fetch", Some("Response")),
    ("TextDecoder", "internal/encoding", Some("TextDecoder")),
    ("TextEncoder", "internal/encoding", Some("TextEncoder")),
    ("URL", "internal/whatwg_url", Some("URL")),
    (
        "URLSearchParams",
        "internal/whatwg_url",
        Some("URLSearchParams"),
    ),
    ("_", "lodash", None),
    ("atob", "internal/encoding", Some("atob")),
    ("bcrypt", "bcrypt", None),
    ("btoa", "internal/encoding", Some("btoa")),
    ("fetch", "internal/fetch", Some("fetch")),
    ("jwt", "jsonwebtoken", None),
    ("process", "internal/process", None),
    ("request", "request", None),
    ("structuredClone", "internal/structured_clone", None),
];

/// The bit after those of [`GLOBALS`].
const REQUIRE: u32 = 1 << GLOBALS.len();

/// A set of [`GLOBALS`] and `require`. A context with any of the globals has `require` as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Globals(u32);

impl Globals {
    pub(in super::super) const NONE: Self = Self(0);
    /// All globals and `require`.
    pub(in super::super) const ALL: Self = Self(REQUIRE | (REQUIRE - 1));
    pub(in super::super) const REQUIRE: Self = Self(REQUIRE);

    /// The global of this name, and its module.
    pub(in super::super) fn named(name: &str) -> Option<(Self, &'static str)> {
        let position = GLOBALS.iter().position(|(known, ..)| *known == name)?;
        Some((Self(1 << position), GLOBALS[position].1))
    }

    /// The union of both.
    pub(in super::super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True for the empty set.
    pub(in super::super) fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// The globals as `js/install.js` takes them: an array of name, module and perhaps member for each.
    pub(super) fn described<'js>(self, ctx: &Ctx<'js>) -> Result<Array<'js>> {
        let described = Array::new(ctx.clone())?;
        for (position, (name, module, member)) in GLOBALS.iter().enumerate() {
            if self.0 & (1 << position) != 0 {
                let entry = Array::new(ctx.clone())?;
                entry.set(0, *name)?;
                entry.set(1, *module)?;
                if let Some(member) = member {
                    entry.set(2, *member)?;
                }
                described.set(described.len(), entry)?;
            }
        }
        Ok(described)
    }
}
