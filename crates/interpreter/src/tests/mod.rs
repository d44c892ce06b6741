//! The rules of the language, each with a playbook that shows it.

mod acting;
mod approval;
mod arguments;
mod ends;
mod escalate;
mod guards;
mod nested;
mod reading_only;
mod resume;
mod script;
mod secrets;
mod steps;
mod truth;
mod verify;
mod within;
