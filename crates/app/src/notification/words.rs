//! What people are told, in the words of their language and the time of their zone.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use mainstay_channels::template::Language;
use mainstay_domain::agent::Agent;
use mainstay_domain::escalation::trigger::ManualReason;
use mainstay_domain::escalation::{Alarm, Escalation, GroupKey, Reason, Sign};
use mainstay_domain::ticket::Ticket;

use crate::policy::PolicyInForce;

/// The language in which somebody is written to.
pub(crate) fn language_of(person: &Agent) -> Language {
    person
        .languages
        .first()
        .and_then(|language| Language::from_code(language))
        .unwrap_or(Language::English)
}

/// An instant in a person's own time zone, in the form of their language.
pub(crate) fn local(at: Timestamp, person: &Agent) -> String {
    let zone = TimeZone::get(&person.time_zone).unwrap_or(TimeZone::UTC);
    let form = match language_of(person) {
        Language::English => "%Y-%m-%d %H:%M %Z",
        Language::Spanish | Language::Portuguese => "%d/%m/%Y %H:%M %Z",
    };
    at.to_zoned(zone).strftime(form).to_string()
}

/// Why an escalation was raised. One that an earlier version of the program raised is told as that version said it.
pub(crate) fn reason_of(escalation: &Escalation, person: &Agent, policy: &PolicyInForce) -> String {
    match &escalation.parts {
        Some(reason) => reason_words(reason, person, policy),
        None => escalation.reason.clone(),
    }
}

/// A reason, or what befell a clock.
pub(crate) fn reason_words(reason: &Reason, person: &Agent, policy: &PolicyInForce) -> String {
    let language = language_of(person);
    let say = |english: String, spanish: String, portuguese: String| match language {
        Language::English => english,
        Language::Spanish => spanish,
        Language::Portuguese => portuguese,
    };
    match reason {
        Reason::ClockWarned { commitment, due_at } => {
            let at = local(*due_at, person);
            let commitment = policy.commitment_title(commitment, language);
            say(
                format!("{commitment} is due at {at}"),
                format!("{commitment} vence el {at}"),
                format!("{commitment} vence em {at}"),
            )
        }
        Reason::ClockMissed { commitment, due_at } => {
            let at = local(*due_at, person);
            let commitment = policy.commitment_title(commitment, language);
            say(
                format!("{commitment} was due at {at} and was missed"),
                format!("{commitment} vencía el {at} y no se ha cumplido"),
                format!("{commitment} vencia em {at} e não foi cumprido"),
            )
        }
        Reason::SeverityIs { severity } => say(
            format!("the severity is {severity}"),
            format!("la gravedad es {severity}"),
            format!("a gravidade é {severity}"),
        ),
        Reason::SignShown { alarm, sign } => {
            format!(
                "{}: {}",
                alarm_words(*alarm, language),
                sign_words(sign, language)
            )
        }
        Reason::Unresolved { after } => say(
            format!("not resolved {after:#} after it was opened"),
            format!("sin resolver {after:#} después de abrirse"),
            format!("sem resolução {after:#} depois de aberto"),
        ),
        Reason::AccountsAffected {
            accounts,
            within,
            key,
        } => {
            let key = key_words(key, language);
            say(
                format!("{accounts} accounts are affected within {within:#}: {key}"),
                format!("{accounts} cuentas afectadas en {within:#}: {key}"),
                format!("{accounts} contas afetadas em {within:#}: {key}"),
            )
        }
        Reason::Manual { reason, note } => {
            let reason = manual_words(*reason, language);
            match note.as_str() {
                "" => reason,
                note => format!("{reason}: {note}"),
            }
        }
    }
}

fn alarm_words(alarm: Alarm, language: Language) -> &'static str {
    match (alarm, language) {
        (Alarm::SecurityIncident, Language::English) => "a security incident",
        (Alarm::SecurityIncident, Language::Spanish) => "un incidente de seguridad",
        (Alarm::SecurityIncident, Language::Portuguese) => "um incidente de segurança",
        (Alarm::DataBreach, Language::English) => "a breach of data",
        (Alarm::DataBreach, Language::Spanish) => "una filtración de datos",
        (Alarm::DataBreach, Language::Portuguese) => "uma violação de dados",
        (Alarm::DataLoss, Language::English) => "a loss of data",
        (Alarm::DataLoss, Language::Spanish) => "una pérdida de datos",
        (Alarm::DataLoss, Language::Portuguese) => "uma perda de dados",
    }
}

fn sign_words(sign: &Sign, language: Language) -> String {
    match (sign, language) {
        (Sign::Words(words), Language::English) => {
            format!("the customer writes \u{201c}{words}\u{201d}")
        }
        (Sign::Words(words), Language::Spanish) => {
            format!("el cliente escribe \u{ab}{words}\u{bb}")
        }
        (Sign::Words(words), Language::Portuguese) => {
            format!("o cliente escreve \u{201c}{words}\u{201d}")
        }
        (Sign::Category(name), Language::English) => format!("the category is {name}"),
        (Sign::Category(name), Language::Spanish) => format!("la categoría es {name}"),
        (Sign::Category(name), Language::Portuguese) => format!("a categoria é {name}"),
        (Sign::Tag(tag), Language::English) => format!("the tag {tag}"),
        (Sign::Tag(tag), Language::Spanish) => format!("la etiqueta {tag}"),
        (Sign::Tag(tag), Language::Portuguese) => format!("a etiqueta {tag}"),
    }
}

fn key_words(key: &GroupKey, language: Language) -> String {
    match (key, language) {
        (GroupKey::Tag(tag), Language::English) => format!("tag {tag}"),
        (GroupKey::Tag(tag), Language::Spanish | Language::Portuguese) => format!("etiqueta {tag}"),
        (GroupKey::Category(name), Language::English) => format!("category {name}"),
        (GroupKey::Category(name), Language::Spanish) => format!("categoría {name}"),
        (GroupKey::Category(name), Language::Portuguese) => format!("categoria {name}"),
    }
}

fn manual_words(reason: ManualReason, language: Language) -> String {
    let (spanish, portuguese) = match reason {
        ManualReason::CustomerRequest => ("petición del cliente", "pedido do cliente"),
        ManualReason::TeamDecision => ("decisión del equipo", "decisão da equipa"),
        ManualReason::ManagementDecision => ("decisión de la dirección", "decisão da direção"),
        ManualReason::TechnicalComplexity => ("complejidad técnica", "complexidade técnica"),
        ManualReason::CrossTeam => ("varios equipos implicados", "várias equipas envolvidas"),
        ManualReason::PlatformIssue => ("problema de la plataforma", "problema da plataforma"),
        ManualReason::BusinessImpact => ("impacto en el negocio", "impacto no negócio"),
        ManualReason::ReputationalRisk => ("riesgo para la reputación", "risco para a reputação"),
        ManualReason::ChurnThreat => ("el cliente puede irse", "o cliente pode sair"),
        ManualReason::ExecutiveComplaint => ("queja de un directivo", "reclamação de um diretor"),
        ManualReason::ExecutiveRelationship => {
            ("relación con la dirección", "relação com a direção")
        }
        ManualReason::SecurityIncident => ("incidente de seguridad", "incidente de segurança"),
        ManualReason::DataBreach => ("filtración de datos", "violação de dados"),
        ManualReason::DataLoss => ("pérdida de datos", "perda de dados"),
        ManualReason::FeatureBlocker => {
            ("falta una función necesaria", "falta uma função necessária")
        }
        ManualReason::Contract => ("el contrato está en juego", "o contrato está em jogo"),
        ManualReason::Legal => ("asunto legal", "assunto jurídico"),
        ManualReason::Strategic => ("asunto estratégico", "assunto estratégico"),
    };
    match language {
        Language::English => reason.to_string(),
        Language::Spanish => spanish.to_owned(),
        Language::Portuguese => portuguese.to_owned(),
    }
}

/// The title of a step of an escalation of these tickets.
pub(crate) fn escalation_title(tickets: &[Ticket], step: &str, person: &Agent) -> String {
    let language = language_of(person);
    let word = match language {
        Language::English => "Escalation of",
        Language::Spanish => "Escalamiento de",
        Language::Portuguese => "Escalonamento de",
    };
    match tickets {
        [only] => format!("{word} #{} ({}): {step}", only.number, only.facts.severity),
        all => {
            let tickets = match language {
                Language::English => "tickets",
                Language::Spanish => "tiques",
                Language::Portuguese => "pedidos",
            };
            format!("{word} {} {tickets}: {step}", all.len())
        }
    }
}

/// The title of a mention.
pub(crate) fn mention_title(by: &str, ticket: &Ticket, person: &Agent) -> String {
    let (number, subject) = (ticket.number, &ticket.subject);
    match language_of(person) {
        Language::English => format!("{by} mentions you on #{number}: {subject}"),
        Language::Spanish => format!("{by} le menciona en #{number}: {subject}"),
        Language::Portuguese => format!("{by} faz-lhe uma menção em #{number}: {subject}"),
    }
}

/// How many alerts there are.
pub(super) fn alerts(count: usize, person: &Agent) -> String {
    match language_of(person) {
        Language::English => format!("{count} alerts"),
        Language::Spanish | Language::Portuguese => format!("{count} avisos"),
    }
}

/// What is said of an account that nobody knows, and of one without a tier.
pub(super) fn unknown(person: &Agent) -> (&'static str, &'static str) {
    match language_of(person) {
        Language::English => ("unknown account", "no tier"),
        Language::Spanish => ("cuenta desconocida", "sin nivel"),
        Language::Portuguese => ("conta desconhecida", "sem nível"),
    }
}
