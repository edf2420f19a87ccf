//! The words mail programs put around quoted messages, in the languages they are translated to.

use std::sync::LazyLock;

use regex::Regex;

/// What a header of a quoted message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HeaderKind {
    From,
    To,
    Cc,
    Date,
    Subject,
    Other,
}

/// The verbs of "… wrote:", as they stand last in the line or before a name.
const WROTE: &str = r"wrote|writes|schrieb|geschrieben|hat\s+geschrieben|schreef|geschreven|\
a\s+[ée]crit|escribi[óo]|escriuí|va\s+escriure|ha\s+escrit|ha\s+scritto|scriveva|escreveu|enviou|skrev|skrifaði|\
napisał(?:\(a\)|a)?|napisa[lł][ao]?|napsal(?:\(a\)|a)?|napísal(?:\(a\)|a)?|kirjoitti|написал(?:\(а\)|а)?|написав|\
написала|писал(?:\(а\)|а)?|пише|пишет|написа|írta|írt|je\s+napisao(?:/la)?|je\s+napisal(?:\(a\)|a)?|napisao(?:\(la\)|la)?|\
napisal(?:\(a\)|a)?|a\s+scris|tarihinde\s+şunu\s+yazdı|yazdı|şunu\s+yazdı|έγραψε|כתב(?:/ה)?|כתבה|(?:ได้)?เขียน(?:ว่า)?|pisze|napisz[eę]|\
đã\s+viết|menulis|parašė|rakstīja|kirjutas|escribiu|idatzi\s+du|wrote\s+the\s+following|写道|寫道|書きました|のメール|さんは書きました|\
님이\s*작성|작성";

/// Like [`WROTE`], for the languages whose word order puts the verb before the name: "Am … schrieb Eva:".
const WROTE_BEFORE_NAME: &str = r"schrieb|schreef|skrev|a\s+[ée]crit|escribi[óo]|escreveu|ha\s+scritto|napisał(?:\(a\)|a)?|\
napsal(?:\(a\)|a)?|kirjoitti|написал(?:\(а\)|а)?|kirjutas|va\s+escriure|írta|пише|написав";

/// The word a quoted message's first line starts with: "On Monday …".
const ON: &str = r"on|am|le|el|il|em|op|den|på|w\s+dniu|dnia|dne|dňa|v|în|pe|στις|vào|pada|ti|a|na|tarihinde|\
begin\s+forwarded|в|alle|data|date|at|בתאריך|ב-|在|mnamo|i|el\s+dia|il\s+giorno";

/// Titles of an "original message" line between dashes.
const ORIGINAL: &str = r"(?:original|forwarded|reply|begin\s+forwarded)\s+(?:message|mail|e-mail|appointment)|reply\s+message|\
urspr[üu]ngliche\s+(?:nachricht|mail|e-mail)|original-?nachricht|weitergeleitete\s+nachricht|original\s+besked|oprindelig\s+(?:meddelelse|besked)|\
videresendt\s+(?:meddelelse|melding)|opprinnelig\s+melding|ursprungligt?\s+meddelande|vidarebefordrat\s+meddelande|originalmeddelande|\
message\s+d'origine|message\s+d’origine|message\s+original|message\s+transf[ée]r[ée]|message\s+initial|messaggio\s+originale|messaggio\s+inoltrato|\
mensaje\s+original|mensaje\s+reenviado|mensagem\s+original|mensagem\s+(?:encaminhada|reencaminhada)|missatge\s+(?:original|reenviat)|\
oorspronkelijk\s+bericht|origineel\s+bericht|doorgestuurd\s+bericht|doorgezonden\s+bericht|\
wiadomo[śs][ćc]\s+(?:oryginalna|przekazana)|oryginalna\s+wiadomo[śs][ćc]|p[ůu]vodn[íi]\s+(?:zpr[áa]va|e-mail)|p[ôo]vodn[áa]\s+spr[áa]va|přeposlaná\s+zpráva|\
alkuper[äa]inen\s+viesti|välitetty\s+viesti|исходное\s+сообщение|пересылаемое\s+сообщение|перенаправленное\s+сообщение|пересланное\s+сообщение|оригинальное\s+сообщение|\
оригінальне\s+повідомлення|переслане\s+повідомлення|eredeti\s+üzenet|továbbított\s+üzenet|mesaj\s+original|mesajul\s+original|orijinal\s+mesaj|özgün\s+ileti|iletilen\s+ileti|\
izvorna\s+poruka|originalna\s+poruka|izvirno\s+sporočilo|αρχικό\s+μήνυμα|προωθημένο\s+μήνυμα|הודעה\s+מקורית|ข้อความต้นฉบับ|tin\s+nhắn\s+gốc|pesan\s+asli|\
原始邮件|原始郵件|转发的邮件|邮件原件|轉寄郵件|元のメッセージ|転送メッセージ|원본\s*메(?:시지|일)|전달된\s*메시지";

/// Lines that announce a forwarded message without dashes.
const FORWARDED: &str = r"begin\s+forwarded\s+message|anfang\s+der\s+weitergeleiteten\s+(?:nachricht|e-mail)|début\s+du\s+message\s+(?:réexpédié|transféré)|\
inicio\s+del\s+mensaje\s+reenviado|início\s+da\s+mensagem\s+(?:reencaminhada|encaminhada)|inizio\s+messaggio\s+inoltrato|\
begin\s+doorgestuurd\s+bericht|start\s+på\s+videresendt\s+besked|vidarebefordrat\s+brev|начало\s+переадресованного\s+сообщения|\
početak\s+proslijeđene\s+poruke|začátek\s+přeposílané\s+zprávy|początek\s+przekazywanej\s+wiadomości|转发的邮件|開始轉寄郵件|転送されたメッセージ";

/// Ways to say that a telephone or a program sent the message.
const MOBILE: &str = r"sent\s+(?:from|via|with|by|on|using)\s+\S|sent\s+with\s+airmail|get\s+outlook\s+for|(?:von|from)\s+meinem?\s+\S|\
(?:diese\s+nachricht\s+wurde\s+)?(?:von|mit|über)\s+.{1,60}\s+gesendet|gesendet\s+(?:von|mit|über)\s+\S|enviad[oa]\s+(?:desde|de|do|da|através|a\s+través|por|via|con|pelo)\s+\S|\
envoy[ée]e?\s+(?:de|depuis|à\s+partir|avec|par)\s+\S|inviato\s+(?:da|dal|con|tramite)\s+\S|verzonden\s+(?:vanaf|met|van|via|vanuit)\s+\S|verstuurd\s+(?:vanaf|met|van|via|vanuit)\s+\S|\
sendt\s+(?:fra|med|via)\s+\S|skickat\s+(?:från|med|via)\s+\S|lähetetty\s+\S|wysłan[eoy]\s+z(?:e)?\s+\S|odesl[áa]no\s+z\s+\S|odoslan[éeý]\s+z\s+\S|\
отправлено\s+(?:с|из|от)\s+\S|надіслано\s+(?:з|із|від)\s+\S|iphone'?umdan\s+gönderildi|.{1,30}'?d[ae]n\s+gönderildi|trimis\s+(?:de\s+pe|din)\s+\S|poslano\s+(?:z|sa|s)\s+\S|\
enviat\s+(?:des|amb)\s+\S|έστειλε\s+|στάλθηκε\s+από|(?:从|從|来自|發自|发自)我的\s*\S|发自我的|傳送自|(?:私の)?iphoneから送信|から送信|나의\s+.{1,20}에서\s+보냄|.{1,20}에서\s+보냄|\
download(?:ed)?\s+.{1,30}\s+for\s+(?:ios|android)";

/// Sign-offs a signature begins with.
const SIGN_OFF: &str = r"thanks|thank\s+you|thx|many\s+thanks|thanks\s+(?:a\s+lot|again|so\s+much|in\s+advance)|thank\s+you\s+(?:very\s+much|so\s+much|in\s+advance)|\
regards|cheers|best|(?:best|kind|kindest|warm|warmest)(?:\s+(?:regards|wishes))?|with\s+(?:best|kind|warm)\s+regards|sincerely(?:\s+yours)?|yours\s+(?:sincerely|truly|faithfully)|respectfully|\
(?:mit\s+)?(?:freundlichen|besten|vielen|herzlichen|lieben|schönen)\s+(?:grüßen|grüssen|dank)|(?:viele|liebe|beste|schöne|freundliche|herzliche)\s+grüße|grüße|gruß|danke|mfg|lg|vg|\
cordialement|bien\s+cordialement|merci|salutations|bien\s+à\s+vous|\
saludos(?:\s+cordiales)?|un\s+saludo|atentamente|gracias|muchas\s+gracias|cordiales?\s+saludos|un\s+cordial\s+saludo|atenciosamente|atentamente|cumprimentos|melhores\s+cumprimentos|obrigad[oa]|abraços?|att|\
cordiali\s+saluti|distinti\s+saluti|grazie|saluti|met\s+vriendelijke\s+groet(?:en)?|groet(?:en)?|mvg|bedankt|\
med\s+vänliga?\s+hälsning(?:ar)?|mvh|hälsningar|med\s+venlig\s+hilsen|venlig\s+hilsen|med\s+vennlig\s+hilsen|hilsen|terveisin|pozdrawiam|z\s+poważaniem|s\s+pozdravem|с\s+уважением|спасибо|дякую|з\s+повагою";

static HEADER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let names = [
        (
            "from",
            r"from|von|van|de|da|fra|från|od|remitente|remetente|mittente|lähettäjä|feladó|от(?:\s+кого)?|від|из|kimden|gönderen|expéditeur|från|pošiljatelj|από|di|מאת|发件人|寄件者|寄件人|差出人|보낸\s*사람|จาก|từ|dari",
        ),
        (
            "to",
            r"to|an|aan|à|a|para|til|till|komu|do|per|destinatario|destinatário|vastaanottaja|címzett|кому|kime|alıcı|pour|prima|către|za|προς|אל|收件人|收件者|宛先|받는\s*사람|ถึง|đến|kepada",
        ),
        (
            "cc",
            r"cc|bcc|kopie|kopi|kopia|copie|copia|cópia|dw|kopio|másolat|копия|копія|bilgi|抄送|副本|참조|cci|cco|ccn",
        ),
        (
            "date",
            r"date|sent|sent\s+at|datum|gesendet(?:\s+am)?|verzonden|envoy[ée]e?|enviad[oa](?:\s+(?:el|em))?|fecha|data|inviato|data\s+invio|dato|sendt|skickat|lähetetty|päivämäärä|päiväys|wysłan[oey]|wysłane|data\s+wysłania|odesláno|odoslané|dátum|elküldve|отправлено|дата|надіслано|gönderildi|tarih|gönderilme\s+tarihi|trimis|poslano|ημερομηνία|στάλθηκε|נשלח|发送时间|发送日期|日期|時間|传送日期|寄件日期|送信日時|日時|날짜|보낸\s*날짜|วันที่|ngày|tanggal|date\s+d’envoi",
        ),
        (
            "subject",
            r"subject|betreff|betr|onderwerp|objet|asunto|assunto|oggetto|emne|ämne|aihe|temat|předmět|predmet|tárgy|тема|konu|subiect|zadeva|θέμα|נושא|主题|主旨|件名|제목|เรื่อง|chủ\s+đề|subjek|assumpte",
        ),
        (
            "other",
            r"reply-to|reply\s+to|répondre\s+à|responder\s+a|antwort\s+an|importance|priority|wichtigkeit|importancia|attachments?|anlagen?|organization|x-mailer|message-id|mailed-by|signed-by|sender|newsgroups|categories|resent-(?:from|to|date)",
        ),
    ];
    let alternatives: Vec<String> = names
        .iter()
        .map(|(name, words)| format!("(?P<{name}>{words})"))
        .collect();
    Regex::new(&format!(
        r"(?i)^[\s>*_]*(?:{})[*_]?\s?[:：][*_]?(?:\s|\S|$)",
        alternatives.join("|")
    ))
    .ok()
});

/// What header the line is, when it is one.
pub fn header_kind(line: &str) -> Option<HeaderKind> {
    let captures = HEADER.as_ref()?.captures(line)?;
    let kinds = [
        ("from", HeaderKind::From),
        ("to", HeaderKind::To),
        ("cc", HeaderKind::Cc),
        ("date", HeaderKind::Date),
        ("subject", HeaderKind::Subject),
        ("other", HeaderKind::Other),
    ];
    kinds
        .into_iter()
        .find(|(name, _)| captures.name(name).is_some())
        .map(|(_, kind)| kind)
}

macro_rules! pattern {
    ($name:ident, $doc:literal, $($part:expr),+) => {
        #[doc = $doc]
        pub fn $name(line: &str) -> bool {
            static PATTERN: LazyLock<Option<Regex>> =
                LazyLock::new(|| Regex::new(&[$($part),+].concat().replace("\\\n", "")).ok());
            PATTERN.as_ref().is_some_and(|pattern| pattern.is_match(line))
        }
    };
}

pattern!(
    ends_with_wrote,
    "\"… wrote:\" at the end of the line.",
    r"(?i)(?:^|[\s,>)\]》*])(?:",
    WROTE,
    r")\s*(?:[:：]|-{2,}\s*:?|[:：]?\s*-{2,})[\s*_-]*$"
);
pattern!(
    ends_with_sent,
    "\"… sent:\" at the end of the line.",
    r"(?i)[\s,>)*]sent\s*[:：]\s*$"
);
pattern!(
    wrote_before_name,
    "\"… schrieb Eva:\".",
    r"(?i)[\s>](?:",
    WROTE_BEFORE_NAME,
    r")\s.{0,200}[:：]\s*$"
);
pattern!(
    wrote_on_date,
    "\"Eva kirjoitti 5.1.2016 kello 10.42:\".",
    r"(?i)[\s>](?:",
    WROTE_BEFORE_NAME,
    r")\s.{0,20}\d{1,4}[./-]\d.{0,60}[:：]\s*$"
);
pattern!(
    starts_with_on,
    "\"On 3 May …\".",
    r"(?i)^[\s*_>-]*(?:",
    ON,
    r")[\s,]"
);
pattern!(
    original_message,
    "\"-----Original Message-----\".",
    r"(?i)^[\s*_>]*-{2,}[\s*]*(?:",
    ORIGINAL,
    r")[\s*:]*-{2,}[\s*_]*$"
);
pattern!(
    forwarded_message,
    "\"Begin forwarded message:\".",
    r"(?i)^[\s*_>-]*(?:",
    FORWARDED,
    r")\s*[:：]?[\s*_-]*$"
);
pattern!(
    forwarded_title,
    "A title that speaks of forwarding.",
    r"(?i)forward|weitergeleitet|videresendt|vidarebefordra|transf[ée]r|inoltrat|reenviad|encaminhad|reenviat|doorgest|doorgez|przekazan|přeposlan|välitetty|пересл|пересыл|перенаправ|továbbított|iletilen|προωθημένο|转发|轉寄|転送|전달"
);
pattern!(
    mobile_signature,
    "\"Sent from my telephone\".",
    r"(?i)^[\s*_>\[(]*(?:",
    MOBILE,
    r").{0,80}$"
);
pattern!(
    sign_off,
    "\"Best regards,\" alone on its line.",
    r"(?i)^[\s*_]*(?:",
    SIGN_OFF,
    r")[\s,.!*_]*$"
);
pattern!(
    has_date,
    "A date or a time of day.",
    r"(?i)\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\b(?:19|20)\d\d\b|\b\d{1,2}[:.h]\d\d\b|\d{1,2}\.?\s+\p{L}{3,9}|\p{L}{3,9}\.?\s+\d{1,2}\b|\d+年"
);
pattern!(
    starts_with_date,
    "A date at the start of the line.",
    r"(?i)^[\s*_]*(?:\p{L}{2,10}\.?,?\s+)?(?:\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}\.?\s+(?:de\s+)?\p{L}{3,10}\.?,?\s+(?:de\s+)?\d{4}|\d{4}年)"
);
pattern!(
    ends_with_address,
    "`<name@example.com>:` at the end of the line.",
    r"(?i)<\s*[^<>\s]+@[^<>\s]+\s*>\s*[:：]?\s*$"
);
pattern!(
    ends_with_address_colon,
    "`<name@example.com>:` at the end of the line, with its colon.",
    r"(?i)<\s*[^<>\s]+@[^<>\s]+\s*>+\s*[:：]\s*$"
);
pattern!(
    link_alone,
    "A link alone on its line, with the rest of a quotation mark.",
    r"(?i)^[\s>]*[(<\[]?\s*(?:https?://|mailto:|www\.)\S+[)>\]]?\s*>*\s*$"
);

#[cfg(test)]
mod tests {
    use super::*;

    /// A pattern that does not compile would never match, and nobody would notice.
    #[test]
    fn every_pattern_matches_something() {
        assert_eq!(header_kind("Gesendet: heute"), Some(HeaderKind::Date));
        assert_eq!(header_kind("> *Reply-To:* a"), Some(HeaderKind::Other));
        assert_eq!(header_kind("Betreffend: a"), None);
        assert!(ends_with_wrote("Eva wrote:"));
        assert!(ends_with_sent("Eva sent:"));
        assert!(wrote_before_name("Am 5. schrieb Eva:"));
        assert!(wrote_on_date("Eva kirjoitti 5.1.2016 kello 10.42:"));
        assert!(starts_with_on("Am 5. schrieb Eva:"));
        assert!(original_message("--- Ursprüngliche Nachricht ---"));
        assert!(forwarded_message("Begin forwarded message:"));
        assert!(forwarded_title("Forwarded"));
        assert!(mobile_signature("Sent from my telephone"));
        assert!(sign_off("Regards,"));
        assert!(has_date("10:42"));
        assert!(starts_with_date("2016-01-05 Eva"));
        assert!(ends_with_address("Eva <eva@example.com>"));
        assert!(ends_with_address_colon("Eva <eva@example.com>:"));
        assert!(link_alone("(https://example.com) >"));
    }
}
