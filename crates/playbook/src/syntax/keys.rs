//! The language's keys as tables: the reader, its suggestions and the JSON Schema all follow them.

/// What a key takes.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Text without templates.
    Text,
    /// Text with templates.
    Template,
    /// Anything, with templates.
    Data,
    /// A value expression, bare or as one `${{ … }}`.
    Expression,
    /// A condition, bare or as one `${{ … }}`.
    Condition,
    /// A `JSONPath`.
    Path,
    /// A regular expression.
    Regex,
    /// A length of time.
    Duration,
    /// `true` or `false`.
    Boolean,
    /// A whole number of at least so much.
    Integer(u32),
    /// A number.
    Number,
    /// A name in `snake_case`.
    Name,
    /// `service:Operation`.
    Action,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A number or a percentage.
    Share,
    /// `name in list`.
    NameInList,
    /// A list.
    List(&'static Shape),
    /// One, or a list of them.
    OneOrMore(&'static Shape),
    /// A mapping with free keys.
    Map(&'static Shape),
    /// A mapping with the keys of a table.
    Object(&'static Table),
    /// A step or a map of steps.
    Steps(Place),
    /// A step, or a map of steps.
    StepOrSteps(Place),
    /// One of several.
    Either(&'static [Shape]),
}

impl Shape {
    /// What is due, with an example.
    #[must_use]
    pub fn due(&self) -> String {
        match self {
            Self::Text | Self::Template => "text".to_owned(),
            Self::Data => "a value".to_owned(),
            Self::Expression => "an expression, for example `current.definition`".to_owned(),
            Self::Condition => "a condition, for example `inputs.count > 0`".to_owned(),
            Self::Path => "a JSONPath, for example `$.services[0].status`".to_owned(),
            Self::Regex => "a regular expression, for example `OutOfMemory|OOM`".to_owned(),
            Self::Duration => "a duration, for example `15m`".to_owned(),
            Self::Boolean => "`true` or `false`".to_owned(),
            Self::Integer(least) => format!("a whole number of at least {least}"),
            Self::Number => "a number, for example `1.5`".to_owned(),
            Self::Name => "a name in snake_case, for example `out_of_memory`".to_owned(),
            Self::Action => "an action, for example `ecs:DescribeServices`".to_owned(),
            Self::Word(words) => one_of(words),
            Self::Share => "a number or a percentage, for example `2` or `10%`".to_owned(),
            Self::NameInList => "`NAME in LIST`, for example `arn in stopped.arns`".to_owned(),
            Self::List(inner) => format!("a list; each element is {}", inner.due()),
            Self::OneOrMore(inner) => format!("{}, or a list of such", inner.due()),
            Self::Map(inner) => format!("a mapping of names; each value is {}", inner.due()),
            Self::Object(table) => format!("a mapping, for example `{}`", table.example),
            Self::Steps(_) => {
                "a mapping of steps, for example `read: {action: ecs:ListTasks}`".to_owned()
            }
            Self::StepOrSteps(_) => {
                "a step, for example `{action: ecs:UpdateService, with: {…}}`, or a mapping of steps"
                    .to_owned()
            }
            Self::Either(shapes) => shapes
                .iter()
                .map(Shape::due)
                .collect::<Vec<_>>()
                .join(", or "),
        }
    }
}

/// `` `a`, `b` or `c` ``
#[must_use]
pub fn one_of(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => format!("`{only}`"),
        [first @ .., last] => format!(
            "{} or `{last}`",
            first
                .iter()
                .map(|word| format!("`{word}`"))
                .collect::<Vec<_>>()
                .join(", ")
        ),
    }
}

/// Where a step stands: it decides which keys mean something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A step of `symptom`.
    Symptom,
    /// A step of `diagnose`.
    Diagnose,
    /// A step of `resolve`, blocks included.
    Resolve,
    /// A step of `check`.
    Check,
    /// An own step of `verify`.
    Verify,
    /// A step of `gather` in `escalate`.
    Gather,
    /// A step of `notify` in `escalate`.
    Notify,
    /// A step that takes another back.
    Undo,
}

impl Place {
    /// All places.
    pub const ALL: [Self; 8] = [
        Self::Symptom,
        Self::Diagnose,
        Self::Resolve,
        Self::Check,
        Self::Verify,
        Self::Gather,
        Self::Notify,
        Self::Undo,
    ];

    /// The key under which the steps stand.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Symptom => "symptom",
            Self::Diagnose => "diagnose",
            Self::Resolve => "resolve",
            Self::Check => "check",
            Self::Verify => "verify",
            Self::Gather => "gather",
            Self::Notify => "notify",
            Self::Undo => "undo",
        }
    }
}

/// A key of a mapping.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub shape: Shape,
    /// What it means, in one line.
    pub about: &'static str,
    /// It must be there.
    pub required: bool,
    /// Where it means something; empty for everywhere that its table is used.
    pub places: &'static [Place],
}

/// A key that may be left out.
#[must_use]
pub const fn key(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key {
        name,
        shape,
        about,
        required: false,
        places: &[],
    }
}

impl Key {
    /// Says that the key must be there.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Says where the key means something.
    #[must_use]
    pub const fn only(mut self, places: &'static [Place]) -> Self {
        self.places = places;
        self
    }

    /// Whether the key means something in a place.
    #[must_use]
    pub fn fits(&self, place: Option<Place>) -> bool {
        self.places.is_empty() || place.is_none_or(|place| self.places.contains(&place))
    }
}

/// The keys of one kind of mapping.
#[derive(Debug)]
pub struct Table {
    /// What messages call the mapping: `a step`.
    pub name: &'static str,
    /// How it is written.
    pub example: &'static str,
    /// Its keys, in the order of the reference.
    pub keys: &'static [Key],
    /// A table whose keys it has too.
    pub includes: Option<&'static Table>,
}

impl Table {
    /// The key of a name.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys
            .iter()
            .find(|key| key.name == name)
            .or_else(|| self.includes?.key(name))
    }

    /// All keys, those of the included table last.
    pub fn all_keys(&self) -> impl Iterator<Item = &'static Key> + use<> {
        let mut tables = vec![self.keys];
        let mut next = self.includes;
        while let Some(table) = next {
            tables.push(table.keys);
            next = table.includes;
        }
        tables.into_iter().flatten()
    }
}
