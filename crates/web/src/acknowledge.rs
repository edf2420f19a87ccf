//! The page behind the link of a notification: it says what would be acknowledged, and a button does it.
//!
//! Opening the page changes nothing, because mail scanners open every link; and no cookie is asked for, because the link
//! itself is the proof.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use mainstay_app::AppError;
use mainstay_app::escalation::{LinkStanding, LinkView};

use crate::Web;
use crate::link_page::{Words, escaped, page, paragraph, unknown};
use crate::problem::Result;

/// Where the page is.
pub(crate) const PATH: &str = "/a/{token}";

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new().route(PATH, get(look).post(acknowledge))
}

async fn look(
    State(web): State<Web>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    answer(&web, &headers, web.app.look_at_link(&token).await)
}

async fn acknowledge(
    State(web): State<Web>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    answer(&web, &headers, web.app.acknowledge_by_link(&token).await)
}

fn answer(
    web: &Web,
    headers: &HeaderMap,
    outcome: mainstay_app::Result<LinkView>,
) -> Result<Response> {
    let view = match outcome {
        Ok(view) => view,
        Err(AppError::NotFound(_)) => return Ok(unknown(headers)),
        Err(error) => return Err(error.into()),
    };
    let language = view.language;
    let (status, heading, said) = said(&view);
    let open = OPEN.to(language);
    let body = format!(
        "<p><strong>{}</strong></p>{}{said}<p><a href=\"{}/escalations/{}\">{open}</a></p>",
        escaped(&view.title),
        paragraph(&view.detail),
        escaped(&web.app.options().public_url),
        view.escalation
    );
    Ok(page(status, language, heading.to(language), &body))
}

/// What there is to say of a link, and the button where it can be used.
fn said(view: &LinkView) -> (StatusCode, &'static Words, String) {
    let language = view.language;
    match &view.standing {
        LinkStanding::Ready => {
            let button = escaped(&BUTTON.with(language, &[&view.person]));
            let form = format!("<form method=\"post\"><button>{button}</button></form>");
            (StatusCode::OK, &READY, form)
        }
        LinkStanding::Done => (StatusCode::OK, &DONE.0, paragraph(DONE.1.to(language))),
        LinkStanding::Taken { by, at } => {
            let by = by.as_deref().unwrap_or(SOMEBODY.to(language));
            let said = TAKEN.1.with(language, &[by, at]);
            (StatusCode::OK, &TAKEN.0, paragraph(&said))
        }
        LinkStanding::Over { at } => {
            let said = OVER.1.with(language, &[at]);
            (StatusCode::OK, &OVER.0, paragraph(&said))
        }
        LinkStanding::Expired { at } => {
            let said = EXPIRED.1.with(language, &[at]);
            (StatusCode::GONE, &EXPIRED.0, paragraph(&said))
        }
        LinkStanding::Forbidden => {
            let said = FORBIDDEN.1.to(language);
            (StatusCode::FORBIDDEN, &FORBIDDEN.0, paragraph(said))
        }
    }
}

static OPEN: Words = Words {
    english: "Open it in Mainstay",
    spanish: "Abrirlo en Mainstay",
    portuguese: "Abrir no Mainstay",
};

static READY: Words = Words {
    english: "Acknowledge this escalation?",
    spanish: "¿Hacerse cargo de este escalamiento?",
    portuguese: "Assumir este escalonamento?",
};

static BUTTON: Words = Words {
    english: "Acknowledge as {}",
    spanish: "Hacerme cargo como {}",
    portuguese: "Assumir como {}",
};

static SOMEBODY: Words = Words {
    english: "somebody",
    spanish: "alguien",
    portuguese: "alguém",
};

static DONE: (Words, Words) = (
    Words {
        english: "Acknowledged",
        spanish: "Confirmado",
        portuguese: "Confirmado",
    },
    Words {
        english: "Thank you: it is yours, and nobody further is told for now.",
        spanish: "Gracias: queda a su cargo, y por ahora no se avisa a nadie más.",
        portuguese: "Obrigado: agora está com você, e por enquanto ninguém mais será avisado.",
    },
);

static TAKEN: (Words, Words) = (
    Words {
        english: "Already acknowledged",
        spanish: "Ya confirmado",
        portuguese: "Já confirmado",
    },
    Words {
        english: "{} took it on at {}. There is nothing left to do here.",
        spanish: "{} se hizo cargo el {}. Aquí no queda nada por hacer.",
        portuguese: "{} assumiu em {}. Não há mais nada a fazer aqui.",
    },
);

static OVER: (Words, Words) = (
    Words {
        english: "It is over",
        spanish: "Ha terminado",
        portuguese: "Terminou",
    },
    Words {
        english: "The escalation ended at {}. There is nothing left to do here.",
        spanish: "El escalamiento terminó el {}. Aquí no queda nada por hacer.",
        portuguese: "O escalonamento terminou em {}. Não há mais nada a fazer aqui.",
    },
);

static EXPIRED: (Words, Words) = (
    Words {
        english: "This link has expired",
        spanish: "Este enlace ha caducado",
        portuguese: "Este link expirou",
    },
    Words {
        english: "It could be used until {}. Sign in to acknowledge the escalation.",
        spanish: "Se podía usar hasta el {}. Inicie sesión para hacerse cargo del escalamiento.",
        portuguese: "Ele valia até {}. Entre para assumir o escalonamento.",
    },
);

static FORBIDDEN: (Words, Words) = (
    Words {
        english: "You may not acknowledge this",
        spanish: "No puede hacerse cargo de esto",
        portuguese: "Você não pode assumir isto",
    },
    Words {
        english: "Your account may not acknowledge escalations. Tell whoever is on call.",
        spanish: "Su cuenta no puede hacerse cargo de escalamientos. Avise a quien esté de guardia.",
        portuguese: "Sua conta não pode assumir escalonamentos. Avise quem está de plantão.",
    },
);
