//! Which of the engine's globals a program can name. What none of its scripts names need not be made at every
//! login: beside the language itself, most rules use nothing.

use super::library;

/// What has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four things that are there or are not"
)]
pub(super) struct Needs {
    pub(super) console: bool,
    pub(super) timers: bool,
    pub(super) library: bool,
    /// The parts of the language that few scripts use: [`RARE`].
    pub(super) rare: bool,
}

/// What QuickJS makes a quarter of a context for.
const RARE: [&str; 20] = [
    "ArrayBuffer",
    "Atomics",
    "BigInt64Array",
    "BigUint64Array",
    "DOMException",
    "DataView",
    "Float16Array",
    "Float32Array",
    "Float64Array",
    "Int16Array",
    "Int32Array",
    "Int8Array",
    "Proxy",
    "SharedArrayBuffer",
    "Uint16Array",
    "Uint32Array",
    "Uint8Array",
    "Uint8ClampedArray",
    "WeakRef",
    "performance",
];

/// By these a script reaches globals without naming them.
const WAYS_ROUND: [&str; 5] = ["Function", "constructor", "eval", "globalThis", "this"];

const TIMERS: [&str; 6] = [
    "clearImmediate",
    "clearInterval",
    "clearTimeout",
    "setImmediate",
    "setInterval",
    "setTimeout",
];

impl Needs {
    /// Everything.
    pub(super) const ALL: Self = Self {
        console: true,
        timers: true,
        library: true,
        rare: true,
    };

    /// What these sources name. A word in a string or a comment counts, too: what is made in vain costs
    /// little, and what is missing would be an error.
    pub(super) fn of<'a>(sources: impl IntoIterator<Item = &'a str>) -> Self {
        let mut needs = Self {
            console: false,
            timers: false,
            library: false,
            rare: false,
        };
        for source in sources {
            // An escape may spell any name.
            if source.contains("\\u") {
                return Self::ALL;
            }
            for (name, is_member) in words(source) {
                if WAYS_ROUND.contains(&name) {
                    return Self::ALL;
                }
                if is_member {
                    continue;
                }
                needs.console |= name == "console";
                needs.timers |= TIMERS.contains(&name);
                needs.rare |= RARE.contains(&name);
                needs.library |= library::GLOBALS.contains(&name);
            }
        }
        if needs.library {
            // Its files use the rest.
            return Self::ALL;
        }
        needs
    }
}

/// The words of a source, and whether each stands behind a full stop, as a property does.
fn words(source: &str) -> impl Iterator<Item = (&str, bool)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    source.split(move |c| !is_word(c)).filter_map(move |word| {
        if word.is_empty() {
            return None;
        }
        let at = word.as_ptr().addr() - source.as_ptr().addr();
        let before = &source[..at];
        let is_member = before.ends_with('.') && !before.ends_with("...");
        Some((word, is_member))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Needs = Needs {
        console: false,
        timers: false,
        library: false,
        rare: false,
    };

    #[test]
    fn what_a_rule_does_not_name_is_not_made() {
        let rule = "function (user, context, callback) {
            user.app_metadata = user.app_metadata || {};
            context.idToken['https://acme.example/ip'] = context.request.ip;
            global.count = (global.count || 0) + 1;
            callback(null, user, context);
        }";
        assert_eq!(Needs::of([rule]), NOTHING);
        let logging = "(u, c, done) => { console.log(u.name); done(null, u, c); }";
        let console = Needs {
            console: true,
            ..NOTHING
        };
        assert_eq!(Needs::of([rule, logging]), console);
    }

    #[test]
    fn whatever_can_be_named_is_there() {
        for source in [
            "_.get(user, 'a')",
            "(..._) => _",
            "[..._.keys(user)]",
            "request.get(url, done)",
            "const c = require('crypto')",
            "fetch(url)",
            "`${Buffer.from(x)}`",
        ] {
            assert_eq!(Needs::of([source]), Needs::ALL, "{source}");
        }
        assert!(Needs::of(["setTimeout(done, 1)"]).timers);
        assert!(Needs::of(["new Uint8Array(4)"]).rare);
    }

    #[test]
    fn a_way_round_makes_everything() {
        for source in [
            "globalThis['con' + 'sole']",
            "(function () { return this; })()",
            "[].constructor.constructor('return 1')",
            "eval(text)",
            "c\\u006fnsole.log(1)",
        ] {
            assert_eq!(Needs::of([source]), Needs::ALL, "{source}");
        }
    }
}
