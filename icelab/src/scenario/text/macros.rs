//! How the grammar's maps and words are declared.

/// Declares a map of the grammar: a struct whose fields are its keys, all of them optional, each with its place.
///
/// `later` names keys that the grammar has and this version refuses; `short` the key that is meant where
/// somebody writes a value instead of a map.
macro_rules! grammar {
    (
        $(#[$meta:meta])*
        $name:ident, $place:literal {
            $( $(#[$field_meta:meta])* $field:ident : $kind:ty ),* $(,)?
        }
        $( later { $($later:literal),* $(,)? } )?
        $( short $short:literal )?
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, serde::Serialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $(
                $(#[$field_meta])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $field: Option<$crate::scenario::text::decode::At<$kind>>,
            )*
        }

        impl $name {
            /// The keys that it knows.
            pub const KEYS: &'static [&'static str] =
                &[$( $crate::scenario::text::decode::plain_key(stringify!($field)) ),*];

            /// The keys of the grammar that come with a later version.
            pub const LATER: &'static [&'static str] = &[$( $($later),* )?];

            /// Reads the entries of a map; `more_keys` are known to the caller, for the messages.
            pub fn from_entries<'a>(
                entries: impl IntoIterator<Item = &'a $crate::scenario::text::node::Entry>,
                more_keys: &[&str],
                faults: &mut $crate::scenario::text::fault::Faults,
            ) -> Self {
                #[allow(unused_mut, reason = "a map may have no keys yet")]
                let mut read = Self::default();
                for entry in entries {
                    $(
                        if entry.key == $crate::scenario::text::decode::plain_key(stringify!($field)) {
                            read.$field = $crate::scenario::text::decode::FromNode::from_node(&entry.value, faults);
                            continue;
                        }
                    )*
                    $crate::scenario::text::decode::refuse_key(
                        entry, Self::KEYS, more_keys, Self::LATER, $place, faults,
                    );
                }
                read
            }
        }

        impl $crate::scenario::text::decode::FromNode for $name {
            fn from_node(
                node: &$crate::scenario::text::node::Node,
                faults: &mut $crate::scenario::text::fault::Faults,
            ) -> Option<Self> {
                let short: &[&str] = &[$($short)?];
                let short = short.first().copied();
                let entries = $crate::scenario::text::decode::map_of(
                    node, Self::KEYS, short, $place, faults,
                )?;
                Some(Self::from_entries(entries, &[], faults))
            }
        }
    };
}
pub(crate) use grammar;

/// Declares the words that may stand in one place.
///
/// `later` names words that the grammar has and this version refuses.
macro_rules! words {
    (
        $(#[$meta:meta])*
        $name:ident, $what:literal {
            $( $(#[$word_meta:meta])* $variant:ident = $word:literal ),* $(,)?
        }
        $( later { $($later:literal),* $(,)? } )?
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, schemars::JsonSchema, serde::Serialize)]
        pub enum $name {
            $( $(#[$word_meta])* #[serde(rename = $word)] $variant, )*
        }

        impl $name {
            /// The words.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word of a text.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word {
                    $( $word => Some(Self::$variant), )*
                    _ => None,
                }
            }

            /// How it is written.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )*
                }
            }
        }

        impl $crate::scenario::text::decode::FromNode for $name {
            fn from_node(
                node: &$crate::scenario::text::node::Node,
                faults: &mut $crate::scenario::text::fault::Faults,
            ) -> Option<Self> {
                $crate::scenario::text::decode::read_word(
                    node, Self::from_word, Self::WORDS, &[$( $($later),* )?], $what, faults,
                )
            }
        }
    };
}
pub(crate) use words;
