//! The one list of problem codes.

/// Declares the codes: variant, slug, one-line meaning.
macro_rules! codes {
    ($($variant:ident $slug:literal $meaning:literal),* $(,)?) => {
        /// A kind of problem. Its slug names the documentation page and the fixture.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(clippy::doc_markdown, reason = "meanings are shown to people as they are")]
        pub enum Code {
            $(#[doc = $meaning] $variant),*
        }

        impl Code {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name that users see and write.
            #[must_use]
            pub fn slug(self) -> &'static str {
                match self { $(Self::$variant => $slug),* }
            }

            /// What the code means, in one line.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning),* }
            }
        }
    };
}

codes! {
    // Text and YAML
    YamlSyntax "yaml-syntax" "The file is not well-formed YAML.",
    YamlFeature "yaml-feature" "An anchor, alias, merge key, tag, second document or forbidden character.",
    YamlLimit "yaml-limit" "The file is too deep, too large or has too many nodes.",
    DuplicateKey "duplicate-key" "A key stands twice in one mapping.",
    UnknownKey "unknown-key" "A key that the language does not have.",
    MissingKey "missing-key" "A key that must be there is not.",
    WrongKind "wrong-kind" "A value of another kind than its key takes.",
    ConflictingKeys "conflicting-keys" "Keys that exclude each other.",
    InvalidName "invalid-name" "An id that is not snake_case, or reserved.",
    DuplicateName "duplicate-name" "A name that shadows another.",
    InvalidValue "invalid-value" "A value outside what its key allows.",
    // Templates, expressions, paths
    TemplateSyntax "template-syntax" "A template that cannot be read.",
    TemplatePlace "template-place" "A template where none may stand.",
    ExpressionType "expression-type" "An expression of the wrong type.",
    UnknownName "unknown-name" "A name that nothing defines.",
    UnknownFunction "unknown-function" "A function, filter or test that does not exist.",
    JsonpathSyntax "jsonpath-syntax" "A JSONPath that cannot be read.",
    UnknownMember "unknown-member" "A member that the result does not have.",
    InvalidRegex "invalid-regex" "A regular expression that cannot be read.",
    InvalidDuration "invalid-duration" "A duration that cannot be read.",
    MaybeAbsent "maybe-absent" "A value that may be absent is used without a default.",
    // Actions and arguments
    UnknownAction "unknown-action" "An action that does not exist.",
    UnknownArgument "unknown-argument" "An argument that the action does not take.",
    MissingArgument "missing-argument" "A required argument is not given.",
    ArgumentType "argument-type" "An argument of the wrong type or outside its bounds.",
    UnknownInput "unknown-input" "An input that the playbook does not declare.",
    InputType "input-type" "An input's value of the wrong type or outside its bounds.",
    UnknownPlaybook "unknown-playbook" "A playbook that does not exist.",
    // Steps and graphs
    Cycle "cycle" "Steps that wait for each other.",
    ForwardReference "forward-reference" "A reference to what cannot have run yet.",
    WriteInReadingGraph "write-in-reading-graph" "A step that writes where only reads may stand.",
    MisplacedKey "misplaced-key" "A key that has no meaning in this graph or on this kind of step.",
    UnknownCause "unknown-cause" "A cause that nothing finds.",
    CauseWithoutRemedy "cause-without-remedy" "A cause that no remedy is for.",
    NoClaim "no-claim" "A symptom graph without an assertion.",
    // Scenarios
    UnknownScenario "unknown-scenario" "A scenario that the file does not have.",
    ScenarioResponse "scenario-response" "A response that the action could not give.",
}

#[cfg(test)]
mod tests {
    use super::Code;
    use std::collections::HashSet;

    #[test]
    fn slugs_are_unique_kebab_case() {
        let slugs: HashSet<&str> = Code::ALL.iter().map(|code| code.slug()).collect();
        assert_eq!(slugs.len(), Code::ALL.len());
        for code in Code::ALL {
            let slug = code.slug();
            assert!(
                slug.chars()
                    .all(|each| each.is_ascii_lowercase() || each == '-'),
                "{slug}"
            );
            assert!(code.meaning().ends_with('.'), "{slug}");
        }
    }
}
