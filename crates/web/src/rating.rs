//! The page behind the links that ask a customer how their ticket was handled: it shows the rating that was chosen, takes
//! a word beside it, and a button gives it.
//!
//! Opening the page changes nothing, because mail scanners open every link; and nobody needs to sign in, because the link
//! itself is the proof.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use mainstay_app::mail::{RatingStanding, RatingView};
use mainstay_app::{AppError, Language};
use mainstay_domain::rating::Score;

use crate::Web;
use crate::link_page::{Words, escaped, page, paragraph, unknown};
use crate::problem::Result;

/// Where the page is.
pub(crate) const PATH: &str = "/rate/{token}/{score}";

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new().route(PATH, get(look).post(rate))
}

async fn look(
    State(web): State<Web>,
    Path((token, score)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response> {
    let Some(score) = score_of(&score) else {
        return Ok(unknown(&headers));
    };
    let outcome = web.app.look_at_rating(&token).await;
    answer(&headers, outcome, |view| {
        let given = view.rating.as_ref();
        let comment = given.and_then(|rating| rating.comment.as_deref());
        form(view.language, score, comment.unwrap_or_default(), None)
    })
}

async fn rate(
    State(web): State<Web>,
    Path((token, score)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response> {
    let filled = |name: &str| {
        let mut fields = form_urlencoded::parse(&body);
        let found = fields.find(|(field, _)| field == name);
        found.map(|(_, value)| value.into_owned())
    };
    let chosen = filled("score").unwrap_or(score);
    let Some(score) = score_of(&chosen) else {
        return Ok(unknown(&headers));
    };
    let comment = filled("comment");
    match web.app.rate_by_link(&token, score, comment.clone()).await {
        Err(AppError::Invalid(_)) => {
            let outcome = web.app.look_at_rating(&token).await;
            answer(&headers, outcome, |view| {
                let comment = comment.as_deref().unwrap_or_default();
                form(view.language, score, comment, Some(&TOO_LONG))
            })
        }
        outcome => answer(&headers, outcome, |view| {
            form(view.language, score, "", None)
        }),
    }
}

fn score_of(name: &str) -> Option<Score> {
    [Score::Good, Score::Bad]
        .into_iter()
        .find(|score| score.as_str() == name)
}

/// The page; `form` is what stands on it while the link can be used.
fn answer(
    headers: &HeaderMap,
    outcome: mainstay_app::Result<RatingView>,
    form: impl FnOnce(&RatingView) -> (StatusCode, String),
) -> Result<Response> {
    let view = match outcome {
        Ok(view) => view,
        Err(AppError::NotFound(_)) => return Ok(unknown(headers)),
        Err(error) => return Err(error.into()),
    };
    let language = view.language;
    let says = |words: &Words| paragraph(words.to(language));
    let (status, heading, said) = match &view.standing {
        RatingStanding::Ready => {
            let (status, form) = form(&view);
            (status, &READY, form)
        }
        RatingStanding::Done => (StatusCode::OK, &DONE.0, says(&DONE.1)),
        RatingStanding::Reopened => (StatusCode::CONFLICT, &REOPENED.0, says(&REOPENED.1)),
        RatingStanding::Settled => (StatusCode::CONFLICT, &SETTLED.0, says(&SETTLED.1)),
        RatingStanding::Expired { at } => {
            let said = EXPIRED.1.with(language, &[at]);
            (StatusCode::GONE, &EXPIRED.0, paragraph(&said))
        }
        RatingStanding::Forbidden => (StatusCode::FORBIDDEN, &FORBIDDEN.0, says(&FORBIDDEN.1)),
    };
    let body = format!(
        "<p><strong>#{} {}</strong></p>{said}",
        view.number,
        escaped(&view.subject)
    );
    Ok(page(status, language, heading.to(language), &body))
}

/// The form: which rating was chosen, a word beside it, and what is wrong with what was sent, if anything.
fn form(
    language: Language,
    chosen: Score,
    comment: &str,
    fault: Option<&Words>,
) -> (StatusCode, String) {
    let choice = |score: Score, words: &Words| {
        let checked = if score == chosen { " checked" } else { "" };
        format!(
            "<label><input type=\"radio\" name=\"score\" value=\"{}\"{checked}> {}</label>",
            score.as_str(),
            words.to(language)
        )
    };
    let status = match fault {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let told = fault.map_or_else(String::new, |fault| {
        format!(
            "<p role=\"alert\"><strong>{}</strong></p>",
            fault.to(language)
        )
    });
    let form = format!(
        "{told}<form method=\"post\"><fieldset><legend>{}</legend>{}{}</fieldset>\
         <label for=\"comment\">{}</label><textarea id=\"comment\" name=\"comment\" rows=\"5\">\n{}</textarea>\
         <button>{}</button></form>",
        LEGEND.to(language),
        choice(Score::Good, &GOOD),
        choice(Score::Bad, &BAD),
        COMMENT.to(language),
        escaped(comment),
        BUTTON.to(language)
    );
    (status, form)
}

static READY: Words = Words {
    english: "How was your request handled?",
    spanish: "¿Cómo hemos atendido su solicitud?",
    portuguese: "Como atendemos o seu pedido?",
};

static LEGEND: Words = Words {
    english: "Your rating",
    spanish: "Su valoración",
    portuguese: "Sua avaliação",
};

static GOOD: Words = Words {
    english: "Well",
    spanish: "Bien",
    portuguese: "Bem",
};

static BAD: Words = Words {
    english: "Not well",
    spanish: "Mal",
    portuguese: "Mal",
};

static COMMENT: Words = Words {
    english: "What would you like to add? (optional)",
    spanish: "¿Qué desea añadir? (opcional)",
    portuguese: "O que você gostaria de acrescentar? (opcional)",
};

static BUTTON: Words = Words {
    english: "Send my rating",
    spanish: "Enviar mi valoración",
    portuguese: "Enviar minha avaliação",
};

static TOO_LONG: Words = Words {
    english: "Your comment is too long to be kept. Shorten it and send it again.",
    spanish: "Su comentario es demasiado largo. Acórtelo y envíelo de nuevo.",
    portuguese: "Seu comentário é longo demais. Encurte-o e envie de novo.",
};

static DONE: (Words, Words) = (
    Words {
        english: "Thank you for your rating",
        spanish: "Gracias por su valoración",
        portuguese: "Obrigado pela sua avaliação",
    },
    Words {
        english: "It has arrived. With the same link you can change it for two weeks.",
        spanish: "Ha llegado. Con el mismo enlace puede cambiarla durante dos semanas.",
        portuguese: "Ela chegou. Com o mesmo link você pode alterá-la durante duas semanas.",
    },
);

static REOPENED: (Words, Words) = (
    Words {
        english: "We are working on it again",
        spanish: "Volvemos a trabajar en ello",
        portuguese: "Estamos trabalhando nisso de novo",
    },
    Words {
        english: "The request was opened again. You can rate it once it is resolved.",
        spanish: "La solicitud se ha reabierto. Podrá valorarla cuando esté resuelta.",
        portuguese: "O pedido foi reaberto. Você poderá avaliá-lo quando estiver resolvido.",
    },
);

static SETTLED: (Words, Words) = (
    Words {
        english: "Your rating stands",
        spanish: "Su valoración es definitiva",
        portuguese: "Sua avaliação é definitiva",
    },
    Words {
        english: "It was given more than two weeks ago and is not changed any more.",
        spanish: "La dio hace más de dos semanas y ya no se cambia.",
        portuguese: "Ela foi dada há mais de duas semanas e não muda mais.",
    },
);

static EXPIRED: (Words, Words) = (
    Words {
        english: "This link has expired",
        spanish: "Este enlace ha caducado",
        portuguese: "Este link expirou",
    },
    Words {
        english: "It could be used until {}. In the portal you can still rate the request.",
        spanish: "Se podía usar hasta el {}. En el portal todavía puede valorar la solicitud.",
        portuguese: "Ele valia até {}. No portal você ainda pode avaliar o pedido.",
    },
);

static FORBIDDEN: (Words, Words) = (
    Words {
        english: "This link cannot be used any more",
        spanish: "Este enlace ya no se puede usar",
        portuguese: "Este link não pode mais ser usado",
    },
    Words {
        english: "Whoever it was sent to is no longer a contact of ours.",
        spanish: "La persona a la que se envió ya no es un contacto nuestro.",
        portuguese: "A pessoa a quem ele foi enviado não é mais um contato nosso.",
    },
);
