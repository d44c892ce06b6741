//! Names as the AWS CLI spells them: `describe-db-instances` for `DescribeDBInstances`.

/// Parts of names that the CLI's rule would split, by its own list.
const WHOLE: [&str; 6] = ["iSCSI", "HITs", "PartiQL", "OAuth2", "WhatsApp", "OTel"];

/// A name of the API as the CLI spells it.
#[must_use]
pub fn kebab(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    // Plural acronyms at the end (`GatewayARNs`) are one part.
    let mut end = characters.len();
    let mut plural = None;
    if characters.last() == Some(&'s') {
        let capitals = characters
            .iter()
            .rev()
            .skip(1)
            .take_while(|character| character.is_ascii_uppercase())
            .count();
        if capitals >= 2 {
            end = characters.len() - 1 - capitals;
            plural = Some(
                characters
                    .iter()
                    .skip(end)
                    .collect::<String>()
                    .to_lowercase(),
            );
        }
    }
    let characters = characters.get(..end).unwrap_or_default();
    let mut kebab = String::with_capacity(name.len() + 4);
    for (place, character) in characters.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|at| characters.get(at));
        let after = characters.get(place + 1);
        if let Some(before) = before
            && character.is_ascii_uppercase()
            && *before != '-'
        {
            let word_begins = after.is_some_and(char::is_ascii_lowercase);
            let word_ended = before.is_ascii_lowercase() || before.is_ascii_digit();
            if word_begins || word_ended {
                kebab.push('-');
            }
        }
        kebab.push(character.to_ascii_lowercase());
    }
    match plural {
        Some(plural) if kebab.is_empty() => plural,
        Some(plural) => format!("{kebab}-{plural}"),
        None => kebab,
    }
}

/// Whether what was written is the CLI's spelling of a name.
#[must_use]
pub fn is_spelled(written: &str, name: &str) -> bool {
    kebab(name) == written || (alike(written, name) && WHOLE.iter().any(|part| name.contains(part)))
}

/// Whether they are the same but for hyphens and case.
#[must_use]
pub fn alike(written: &str, name: &str) -> bool {
    let plain = |text: &str| -> String {
        text.chars()
            .filter(|character| !matches!(character, '-' | '_'))
            .map(|character| character.to_ascii_lowercase())
            .collect()
    };
    plain(written) == plain(name)
}

/// A name as ids of steps and inputs are written: `describe_db_instances`.
#[must_use]
pub fn snake(text: &str) -> String {
    let mut snake = String::new();
    for character in text.chars() {
        if character.is_ascii_alphanumeric() {
            snake.push(character.to_ascii_lowercase());
        } else if !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
    }
    let snake = snake.trim_matches('_');
    let short: String = snake.chars().take(48).collect();
    let short = short.trim_end_matches('_');
    if short
        .chars()
        .next()
        .is_none_or(|first| first.is_ascii_digit())
    {
        format!("s_{short}").trim_end_matches('_').to_owned()
    } else {
        short.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{is_spelled, kebab, snake};

    #[test]
    fn names_are_spelled_as_the_cli_spells_them() {
        for (name, spelled) in [
            ("UpdateService", "update-service"),
            ("DescribeDBInstances", "describe-db-instances"),
            ("DBInstanceIdentifier", "db-instance-identifier"),
            ("forceNewDeployment", "force-new-deployment"),
            ("ListWebACLs", "list-web-acls"),
            ("GatewayARNs", "gateway-arns"),
            ("policySourceArn", "policy-source-arn"),
            ("SSEKMSKeyId", "ssekms-key-id"),
            ("ListObjectsV2", "list-objects-v2"),
            ("Ipv6Addresses", "ipv6-addresses"),
            ("VPCId", "vpc-id"),
        ] {
            assert_eq!(kebab(name), spelled);
        }
        assert!(is_spelled(
            "execute-partiql-statement",
            "ExecutePartiQLStatement"
        ));
        assert!(!is_spelled("updateservice", "UpdateService"));
    }

    #[test]
    fn ids_are_made_of_anything() {
        assert_eq!(snake("Force deployment"), "force_deployment");
        assert_eq!(snake("503 errors"), "s_503_errors");
        assert_eq!(snake("Immediate fix - restart!"), "immediate_fix_restart");
        assert_eq!(snake("…"), "s");
    }
}
