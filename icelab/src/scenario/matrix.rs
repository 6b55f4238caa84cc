//! `matrix:` and `$name`: one file, many cases.
//!
//! The cases are the product of the lists, the last variable changing fastest. A value that is just
//! `$name` becomes the variable's value with its type; `${name}` inside text becomes its label; `$$` is
//! a dollar. Keys are not substituted.

use indexmap::IndexMap;

use super::text::fault::{Fault, Faults};
use super::text::node::{Content, Entry, Node};
use super::text::source::Span;

/// How many cases the matrix of one file may have.
pub const MOST_CASES: u64 = 10_000;

/// The variables of a file, each with its values in the file's order.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    variables: IndexMap<String, Vec<Value>>,
}

/// One value of a variable.
#[derive(Clone, Debug)]
pub struct Value {
    /// How results show it: itself, or a short name for a map or list.
    pub label: String,
    /// The value.
    pub node: Node,
}

/// One combination of values: the variables with the value that each has.
#[derive(Clone, Debug, Default)]
pub struct Case<'a> {
    /// The variables in the file's order.
    pub values: IndexMap<&'a str, &'a Value>,
}

impl Matrix {
    /// Reads the matrix of a file, if it has one.
    pub fn read(file: &Node, faults: &mut Faults) -> Self {
        let Some(entry) = file.get("matrix") else { return Self::default() };
        let Content::Map(variables) = &entry.value.content else {
            faults.push(
                Fault::wrong_kind(&entry.value, "a map of names with lists of values")
                    .help("as in `matrix: { a: [full_cone, symmetric] }`"),
            );
            return Self::default();
        };
        let mut matrix = Self::default();
        let mut product: u64 = 1;
        for variable in variables {
            if let Some(values) = read_variable(variable, faults) {
                product = product.saturating_mul(values.len() as u64);
                matrix.variables.insert(variable.key.clone(), values);
            }
        }
        if variables.is_empty() {
            faults.push(
                Fault::new(entry.value.span, "a matrix without variables")
                    .help("as in `matrix: { a: [full_cone, symmetric] }`, or remove it"),
            );
        }
        if product > MOST_CASES {
            faults.push(
                Fault::new(entry.key_span, format!("the matrix has {product} cases"))
                    .label(format!("{MOST_CASES} are the most for one file"))
                    .help("split the file, or drop values whose combinations say nothing new"),
            );
            return Self::default();
        }
        matrix
    }

    /// Tells of variables whose values appear nowhere, so that their cases would all be the same.
    pub fn check_used(&self, file: &Node, faults: &mut Faults) {
        let mut used = Vec::new();
        if let Content::Map(entries) = &file.content {
            for entry in entries.iter().filter(|entry| entry.key != "matrix") {
                collect_uses(&entry.value, &mut used);
            }
        }
        let variables = file.get("matrix").map(|entry| &entry.value.content);
        let Some(Content::Map(variables)) = variables else { return };
        for variable in variables.iter().filter(|variable| !used.contains(&variable.key)) {
            let name = &variable.key;
            faults.push(
                Fault::new(
                    variable.key_span,
                    format!("`{name}` is used nowhere, so its cases are all the same"),
                )
                .help(format!("write `${name}` where its values belong, or remove it")),
            );
        }
    }

    /// The values of a variable.
    #[must_use]
    pub fn values(&self, variable: &str) -> Option<&[Value]> {
        self.variables.get(variable).map(Vec::as_slice)
    }

    /// The names of the variables.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }

    /// Every case, the last variable changing fastest; one case without values where there is no matrix.
    #[must_use]
    pub fn cases(&self) -> Vec<Case<'_>> {
        let mut cases = vec![Case::default()];
        for (name, values) in &self.variables {
            cases = cases
                .iter()
                .flat_map(|case| {
                    values.iter().map(move |value| {
                        let mut case = case.clone();
                        case.values.insert(name, value);
                        case
                    })
                })
                .collect();
        }
        cases
    }
}

fn read_variable(variable: &Entry, faults: &mut Faults) -> Option<Vec<Value>> {
    if !is_variable(&variable.key) {
        faults.push(
            Fault::new(variable.key_span, format!("`{}` cannot name a variable", variable.key))
                .help("variables are letters, digits and `_`, and begin with a letter"),
        );
        return None;
    }
    let Content::List(items) = &variable.value.content else {
        faults.push(
            Fault::wrong_kind(&variable.value, "a list of values")
                .help(format!("as in `{}: [{}]`", variable.key, variable.value)),
        );
        return None;
    };
    if items.is_empty() {
        let message = format!("`{}` has no values, so there is no case", variable.key);
        faults.push(Fault::new(variable.value.span, message));
        return None;
    }
    let mut values: Vec<Value> = Vec::with_capacity(items.len().min(1_000));
    if items.len() as u64 > MOST_CASES {
        let message = format!("`{}` has {} values", variable.key, items.len());
        faults.push(
            Fault::new(variable.key_span, message)
                .label(format!("{MOST_CASES} cases are the most for one file")),
        );
        return None;
    }
    let mut times: IndexMap<String, usize> = IndexMap::new();
    for (index, item) in items.iter().enumerate() {
        if items.iter().take(index).any(|earlier| earlier == item) {
            faults.push(
                Fault::new(item.span, format!("`{item}` stands twice in `{}`", variable.key))
                    .help("the two cases would be the same: remove one"),
            );
            continue;
        }
        let label = label(item);
        let seen = times.entry(label.clone()).or_default();
        *seen += 1;
        let label = if *seen > 1 { format!("{label}#{seen}") } else { label };
        values.push(Value { label, node: item.clone() });
    }
    Some(values)
}

/// The names of the variables that a value uses.
fn collect_uses(node: &Node, used: &mut Vec<String>) {
    match &node.content {
        Content::Text(text) => {
            if let Some(name) = text.strip_prefix('$').filter(|name| is_variable(name)) {
                used.push(name.to_owned());
            }
            let names = text.split("${").skip(1).filter_map(|rest| rest.split_once(CLOSE));
            used.extend(names.map(|(name, _)| name.to_owned()));
        }
        Content::List(items) => items.iter().for_each(|item| collect_uses(item, used)),
        Content::Map(entries) => entries.iter().for_each(|entry| collect_uses(&entry.value, used)),
        Content::Empty | Content::Bool(_) | Content::Number(_) => {}
    }
}

/// A value in a few letters: a scalar as it is, a map or list as its parts, RFC 4787's words as their initials.
fn label(node: &Node) -> String {
    fn write(node: &Node, label: &mut String) {
        let join = |parts: Vec<&Node>, mark: char, label: &mut String| {
            for (index, part) in parts.into_iter().enumerate() {
                if index > 0 {
                    label.push(mark);
                }
                write(part, label);
            }
        };
        match &node.content {
            Content::List(items) if !items.is_empty() => join(items.iter().collect(), '+', label),
            Content::Map(entries) if !entries.is_empty() => {
                join(entries.iter().map(|entry| &entry.value).collect(), '/', label);
            }
            Content::Empty => label.push_str("{}"),
            Content::List(_)
            | Content::Map(_)
            | Content::Bool(_)
            | Content::Number(_)
            | Content::Text(_) => {
                let text = node.to_string();
                label.push_str(match text.as_str() {
                    "endpoint_independent" => "EI",
                    "address_dependent" => "AD",
                    "address_and_port_dependent" => "APD",
                    other => other,
                });
            }
        }
    }
    let mut text = String::new();
    match &node.content {
        Content::List(_) | Content::Map(_) => write(node, &mut text),
        Content::Empty => text.push_str("{}"),
        Content::Bool(_) | Content::Number(_) | Content::Text(_) => text = node.to_string(),
    }
    if text.chars().count() > LONGEST_LABEL {
        text = text.chars().take(LONGEST_LABEL - 1).collect();
        text.push('…');
    }
    text
}

const CLOSE: char = '}';

const LONGEST_LABEL: usize = 40;

impl Case<'_> {
    /// The file as it reads in this case: every `$name` replaced, `matrix` left out.
    pub fn substitute(&self, file: &Node, faults: &mut Faults) -> Node {
        let Content::Map(entries) = &file.content else { return file.clone() };
        let entries = entries
            .iter()
            .filter(|entry| entry.key != "matrix")
            .map(|entry| self.entry(entry, faults))
            .collect();
        Node { span: file.span, content: Content::Map(entries) }
    }

    /// The labels of the values, as results show them.
    #[must_use]
    pub fn labels(&self) -> IndexMap<String, String> {
        self.values.iter().map(|(name, value)| ((*name).to_owned(), value.label.clone())).collect()
    }

    fn entry(&self, entry: &Entry, faults: &mut Faults) -> Entry {
        let value = self.node(&entry.value, faults);
        Entry { key: entry.key.clone(), key_span: entry.key_span, value }
    }

    fn node(&self, node: &Node, faults: &mut Faults) -> Node {
        let content = match &node.content {
            Content::Text(text) if text.contains('$') => return self.text(text, node.span, faults),
            Content::List(items) => {
                Content::List(items.iter().map(|item| self.node(item, faults)).collect())
            }
            Content::Map(entries) => {
                Content::Map(entries.iter().map(|entry| self.entry(entry, faults)).collect())
            }
            Content::Empty | Content::Bool(_) | Content::Number(_) | Content::Text(_) => {
                node.content.clone()
            }
        };
        Node { span: node.span, content }
    }

    fn text(&self, text: &str, span: Span, faults: &mut Faults) -> Node {
        if let Some(name) = text.strip_prefix('$').filter(|name| is_variable(name)) {
            return match self.values.get(name) {
                Some(value) => value.node.clone(),
                None => {
                    faults.push(self.unknown(name, span));
                    Node { span, content: Content::Text(text.to_owned()) }
                }
            };
        }
        let mut read = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            read.push_str(before);
            rest = match (after.strip_prefix('$'), after.strip_prefix('{')) {
                (Some(after), _) => {
                    read.push('$');
                    after
                }
                (None, Some(inner)) if inner.contains(CLOSE) => {
                    let (name, after) = inner.split_once(CLOSE).expect("it contains one");
                    match self.values.get(name) {
                        Some(value) => read.push_str(&value.label),
                        None => faults.push(self.unknown(name, span)),
                    }
                    after
                }
                _ => {
                    faults.push(Fault::new(span, "a lonely `$`").help(
                        "`$name` stands alone, `${name}` stands inside text, and `$$` is a dollar",
                    ));
                    after
                }
            };
        }
        read.push_str(rest);
        Node { span, content: Content::Text(read) }
    }

    fn unknown(&self, name: &str, span: Span) -> Fault {
        let names: Vec<&str> = self.values.keys().copied().collect();
        let fault = Fault::new(span, format!("unknown variable `${name}`"))
            .label("no such name in `matrix`");
        if names.is_empty() {
            fault.help("this file has no `matrix`; a dollar itself is written `$$`")
        } else {
            fault.one_of(name, &names)
        }
    }
}

/// Whether a text can name a variable.
fn is_variable(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}
