//! The words mail programs put around quoted messages, in the languages they are translated to.

use std::sync::LazyLock;

use regex::Regex;

/// What stands behind a label. Few lines of a text have one, and looking for it is cheap.
const COLONS: [char; 2] = [':', '：'];

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
написала|писал(?:\(а\)|а)?|пише|пишет|написа|írta|írt|je\s+napisao(?:/la)?|napisa(?:o|la)\s+je|تمت\s+كتابة\s+ما\s+يلي\s+بواسطة|je\s+napisal(?:\(a\)|a)?|napisao(?:\(la\)|la)?|\
napisal(?:\(a\)|a)?|a\s+scris|tarihinde\s+şunu\s+yazdı|yazdı|şunu\s+yazdı|έγραψε|כתב(?:/ה)?|כתבה|(?:ได้)?เขียน(?:ว่า)?|pisze|napisz[eę]|\
đã\s+viết|menulis|parašė|rakstīja|kirjutas|escribiu|idatzi\s+du|wrote\s+the\s+following|写道|寫道|書きました|のメール|さんは書きました|\
님이\s*작성|작성|rašė|rakstīja|skrifaði|كتب|كتبت|نوشت|写了|寫了";

/// Like [`WROTE`], for the languages whose word order puts the verb before the name: "Am … schrieb Eva:".
const WROTE_BEFORE_NAME: &str = r"schrieb|schreef|skrev|a\s+[ée]crit|escribi[óo]|escreveu|ha\s+scritto|napisał(?:\(a\)|a)?|\
napsal(?:\(a\)|a)?|kirjoitti|написал(?:\(а\)|а)?|kirjutas|va\s+escriure|írta|пише|написав";

/// The word a quoted message's first line starts with: "On Monday …".
const ON: &str = r"on|às|في|d\.|dana|u|kell|z\s+dnia|ngày|em\s+dia|am|le|el|il|em|op|den|på|w\s+dniu|dnia|dne|dňa|v|în|pe|στις|vào|pada|ti|a|na|tarihinde|\
begin\s+forwarded|в|alle|data|date|at|בתאריך|ב-|在|mnamo|i|el\s+dia|il\s+giorno";

/// The days of the week, for markers that name no date.
const WEEKDAY: &str = r"mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?|\
montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|lunes|martes|miércoles|jueves|viernes|sábado|domingo|\
(?:segunda|terça|quarta|quinta|sexta)(?:-feira)?|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|\
lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag";

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
原始邮件|原始郵件|转发的邮件|邮件原件|轉寄郵件|元のメッセージ|転送メッセージ|원본\s*메(?:시지|일)|전달된\s*메시지|전달한\s*메시지|edelleenlähetetty\s+viesti|message\s+transmis|mesaj(?:ul)?\s+redirecționat|preposlan[áa]\s+spr[áa]va|\
proslijeđena\s+poruka|posredovano\s+sporočilo|iletilmiş\s+(?:mesaj|ileti)|przesłana\s+wiadomo[śs][ćc]|перенаправлене\s+повідомлення|препратено\s+съобщение|edasisaadetud\s+kiri|persiųstas\s+laiškas|pārsūtīts\s+ziņojums|áframsendur\s+póstur|رسالة\s+(?:أصلية|مُعاد\s+توجيهها)|メッセージを転送|転送メール";

/// Lines that announce a forwarded message without dashes.
const FORWARDED: &str = r"begin\s+forwarded\s+message|anfang\s+der\s+weitergeleiteten\s+(?:nachricht|e-mail)|début\s+du\s+message\s+(?:réexpédié|transféré)|\
inicio\s+del\s+mensaje\s+reenviado|início\s+da\s+mensagem\s+(?:reencaminhada|encaminhada)|inizio\s+messaggio\s+inoltrato|\
begin\s+doorgestuurd\s+bericht|start\s+på\s+videresendt\s+besked|vidarebefordrat\s+brev|начало\s+переадресованного\s+сообщения|forwarded\s+(?:message|e-?mail)|weitergeleitete\s+nachricht|välitetty\s+viesti\s+alkaa|továbbított\s+levél\s+kezdete|започни\s+препратено|начало\s+на\s+препратено\s+съобщение|\
videresendt\s+(?:melding|besked)|vidarebefordrat\s+(?:mejl|meddelande)|započni\s+proslijeđenu\s+poruku|începe\s+mesajul\s+redirecționat|začiatok\s+preposlanej\s+správy|ileti\s+başlangıcı|початок\s+листа,\s+що\s+пересилається|\
početak\s+proslijeđene\s+poruke|začátek\s+přeposílané\s+zprávy|początek\s+przekazywanej\s+wiadomości|转发的邮件|開始轉寄郵件|転送されたメッセージ";

/// Ways to say that a telephone or a program sent the message.
const MOBILE: &str = r"sent\s+(?:from|via|with|by|on|using)\s+\S|sent\s+with\s+airmail|get\s+outlook\s+for|(?:von|from)\s+meinem?\s+\S|\
(?:diese\s+nachricht\s+wurde\s+)?(?:von|mit|über)\s+.{1,60}\s+gesendet|gesendet\s+(?:von|mit|über)\s+\S|enviad[oa]\s+(?:desde|de|do|da|através|a\s+través|por|via|con|pelo)\s+\S|\
envoy[ée]e?\s+(?:de|depuis|à\s+partir|avec|par)\s+\S|inviato\s+(?:da|dal|con|tramite)\s+\S|verzonden\s+(?:vanaf|met|van|via|vanuit)\s+\S|verstuurd\s+(?:vanaf|met|van|via|vanuit)\s+\S|\
sendt\s+(?:fra|med|via)\s+\S|skickat\s+(?:från|med|via)\s+\S|lähetetty\s+\S|wysłan[eoy]\s+z(?:e)?\s+\S|odesl[áa]no\s+z\s+\S|odoslan[éeý]\s+z\s+\S|\
отправлено\s+(?:с|из|от)\s+\S|надіслано\s+(?:з|із|від)\s+\S|iphone'?umdan\s+gönderildi|.{1,30}'?d[ae]n\s+gönderildi|trimis\s+(?:de\s+pe|din)\s+\S|poslano\s+(?:z|sa|s)\s+\S|\
enviat\s+(?:des|amb)\s+\S|έστειλε\s+|στάλθηκε\s+από|(?:从|從|来自|發自|发自)我的\s*\S|发自我的|傳送自|(?:私の)?iphoneから送信|から送信|나의\s+.{1,20}에서\s+보냄|.{1,20}에서\s+보냄|\
download(?:ed)?\s+.{1,30}\s+for\s+(?:ios|android)|(?:obtener|obter|télécharger|scarica|ottieni|download|hämta|hent|pobierz)\s+(?:[ol]\s+)?outlook\s+\S|\
(?:\S+\s+){0,2}outlook\s+\S+\s+(?:ios|android)\s*[<(\[]?\s*https?:";

/// What people add to it in the same line: excuses for being short.
const EXCUSE: &str = r"excuse|forgive|brevity|typos?|short|entschuldig|kürze|tippfehler|disculp|errores|excusez|fautes|scusa|errori|desculp|erros|excuseer|typefouten|ursäkta|beklager|опечатк";

/// Sign-offs a signature begins with.
const SIGN_OFF: &str = r"thanks|thank\s+you|thx|tks|many\s+thanks|thanks\s+(?:a\s+lot|again|so\s+much|in\s+advance|and\s+(?:best\s+|kind\s+)?regards)|thank\s+you\s+(?:very\s+much|so\s+much|in\s+advance)|\
regards|rgds|cheers|best|all\s+the\s+best|(?:best|kind|kindest|warm|warmest)(?:\s+(?:regards|wishes))?|with\s+(?:best|kind|warm)\s+regards|sincerely(?:\s+yours)?|yours(?:\s+(?:sincerely|truly|faithfully))?|respectfully(?:\s+yours)?|\
(?:mit\s+)?(?:freundlichen|besten|vielen|herzlichen|lieben|schönen)\s+(?:grüßen|grüssen|dank)|(?:viele|liebe|beste|schöne|freundliche|herzliche)\s+gr(?:ü(?:ß|ss)e|uß)|gr(?:ü(?:ß|ss)e|uß)|hochachtungsvoll|danke|mfg|lg|vg|\
(?:bien\s+|très\s+)?cordialement|cdlt|cdt|merci(?:\s+(?:d'avance|beaucoup))?|(?:(?:sincères|meilleures|cordiales)\s+)?salutations(?:\s+distinguées)?|bien\s+à\s+(?:vous|toi)|amicalement|bonne\s+(?:journée|soirée)|\
saludos(?:\s+cordiales)?|(?:reciba\s+)?un\s+(?:cordial\s+)?saludo|atentamente|(?:muchas\s+)?gracias|cordiales?\s+saludos|cordialmente|un\s+abrazo|\
atenciosamente|(?:melhores\s+)?cumprimentos|com\s+os\s+melhores\s+cumprimentos|(?:muito\s+)?obrigad[oa]|abraços?|att|atte|\
(?:cordiali|distinti)\s+saluti|(?:un\s+)?(?:cordiale\s+)?salut[oi]|grazie(?:\s+mille)?|met\s+(?:vriendelijke|hartelijke)\s+groet(?:en)?|(?:vriendelijke\s+|hartelijke\s+)?groet(?:en|jes)?|mvg|(?:alvast\s+)?bedankt|\
med\s+vänliga?\s+hälsning(?:ar)?|(?:vänliga\s+)?hälsningar|mvh|tack(?:\s+på\s+förhand)?|(?:med\s+)?(?:venlig|vennlig|bedste)\s+hilsen|hilsen|vh|takk?|(?:ystävällisin\s+|parhain\s+)?terveisin|terv|kiitos|kveðja|\
(?:serdecznie\s+)?pozdrawiam|z\s+poważaniem|dziękuję|s\s+(?:pozdravem|pozdravom|úctou)|děkuji|ďakujem|(?:lijep\s+)?pozdrav|srdačan\s+pozdrav|lep\s+pozdrav|hvala|üdvözlettel|tisztelettel|köszönöm|cu\s+(?:stimă|respect)|mulțumesc|\
с\s+уважением|с\s+наилучшими\s+пожеланиями|(?:заранее\s+)?спасибо|дякую|з\s+повагою|с\s+уважение|поздрави|με\s+εκτίμηση|ευχαριστώ|(?:iyi\s+çalışmalar|saygılarımla|saygılar|teşekkürler|selamlar|sevgiler)|\
lugupidamisega|parimate\s+soovidega|pagarbiai|ačiū|ar\s+cieņu|paldies|trân\s+trọng|cảm\s+ơn|terima\s+kasih|hormat\s+kami|salam|בברכה|תודה|مع\s+تحياتي|شكرا|\
(?:どうぞ)?(?:よろしく|宜しく)(?:お願い(?:いた|致)?します)?|敬具|ありがとうございます|此致|敬礼|敬禮|谢谢|謝謝|祝好|顺祝商祺|감사합니다";

/// Words of the notices that companies put below every message.
const LEGAL: &str = r"confidential|privileged|intended\s+(?:only\s+)?(?:for|recipient)|disclaimer|virus|unsubscribe|registered\s+(?:office|in)|company\s+(?:no|number|registration)|vertraulich|amtsgericht|handelsregister|geschäftsführer|\
confidentiel|destinataire|confidencial|destinatario|riservat[ei]|vertrouwelijk|kvk|fortrolig|konfidentiell|luottamuksellis|poufn|důvěrn|конфиденциальн|機密|机密|environment\s+before\s+printing";

static HEADER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let names = [
        (
            "from",
            r"from|von|van|de(?:\s+la)?|da|fra|från|od|remitente|remetente|mittente|lähettäjä|feladó|от(?:\s+кого)?|отправитель|від(?:\s+кого)?|відправник|из|kimden|gönderen|expéditeur|expeditor(?:ul)?|pošiljatelj|šalje|saatja|siuntėjas|nuo|sūtītājs|frá|από|di|מאת|من|发件人|發件人|寄件者|寄件人|差出人|送信元|送信者|보낸\s*사람|보낸이|จาก|từ|người\s+gửi|dari|pengirim",
        ),
        (
            "to",
            r"to|an|aan|à|a|para|til|till|komu|do|per|destinatario|destinatário|destinatar(?:ul)?|destinataire|vastaanottaja|címzett|кому|kime|alıcı|pour|prima|către|za|pre|příjemce|príjemca|adresat|saaja|kam|gavėjas|adresāts|προς|אל|إلى|收件人|收件者|宛先|送信先|받는\s*사람|받는이|ถึง|đến|tới|người\s+nhận|kepada",
        ),
        (
            "cc",
            r"cc|bcc|kopie|kópia|kópie|kopi|kopia|koopia|kopija|copie|copia|cópia|copy|dw|udw|kopio|másolat(?:ot\s+kap)?|копия|копія|копие|κοιν\.?|κοινοποίηση|עותק|نسخة|bilgi|抄送|副本|참조|สำเนา|tembusan|cci|cco|ccn",
        ),
        (
            "date",
            r"date|sent|sent\s+(?:at|on)|datum|gesendet(?:\s+am)?|verzonden(?:\s+op)?|envoy[ée]e?(?:\s+le)?|enviad[oa](?:\s+(?:el|em))?|fecha|dată|data|kuupäev|saadetud|išsiųsta|nosūtīts|التاريخ|تاريخ|日付|送信日|发送|傳送日期|보낸\s*시간|inviato|data\s+invio|dato|sendt|skickat|lähetetty|päivämäärä|päiväys|wysłan[oey]|wysłane|data\s+wysłania|odesláno|odoslané|dátum|elküldve|отправлено|дата|надіслано|gönderildi|tarih|gönderilme\s+tarihi|trimis|poslano|ημερομηνία|στάλθηκε|נשלח|发送时间|发送日期|日期|時間|传送日期|寄件日期|送信日時|日時|날짜|보낸\s*날짜|วันที่|ngày|tanggal|date\s+d’envoi",
        ),
        (
            "subject",
            r"subject|betreff|betr|onderwerp|objet|sujet|subiectul|naslov|teema|tema|efni|objekt|الموضوع|标题|標題|主旨|หัวเรื่อง|perihal|asunto|assunto|oggetto|emne|ämne|aihe|temat|předmět|predmet|tárgy|тема|konu|subiect|zadeva|θέμα|נושא|主题|主旨|件名|제목|เรื่อง|chủ\s+đề|subjek|assumpte",
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
        r"(?i)^[\s>*_\u{{feff}}\u{{200b}}\u{{200e}}\u{{200f}}]*(?:{})[*_]?\s?[:：][*_]?(?:\s|\S|$)",
        alternatives.join("|")
    ))
    .ok()
});

/// Whether there is a colon, of our letters or of the wide ones.
pub fn has_colon(line: &str) -> bool {
    line.as_bytes().contains(&b':') || (!line.is_ascii() && line.contains(COLONS))
}

/// What header the line is, when it is one.
pub fn header_kind(line: &str) -> Option<HeaderKind> {
    if !has_colon(line) {
        return None;
    }
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
    r"(?i)(?:(?:^|[\s,>)\]》*])(?:",
    WROTE,
    // These are written without a blank before them.
    r")|\d(?:写道|寫道|写了|寫了))\s*(?:[:：]|-{2,}\s*:?|[:：]?\s*-{2,})[\s*_-]*$"
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
    bare_original_message,
    "\"Original Message\" without dashes, alone on its line.",
    r"(?i)^[\s*_>]*(?:",
    ORIGINAL,
    r")[\s*_:]*$"
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
    r"(?i)forward|weitergeleitet|videresendt|vidarebefordra|transf[ée]r|transmis|edelleenlähet|redirecționat|preposlan|proslije|iletilmiş|iletilen|перенаправ|przesłan|preposl|persiųst|pārsūt|препрат|áframsend|توجيه|inoltrat|reenviad|encaminhad|reenviat|doorgest|doorgez|przekazan|přeposlan|välitetty|пересл|пересыл|перенаправ|továbbított|iletilen|προωθημένο|转发|轉寄|転送|전달"
);
pattern!(
    sent_from,
    "\"Sent from my …\".",
    r"(?i)^[\s*_>\[(]*(?:",
    MOBILE,
    r").{0,80}$"
);
pattern!(
    device,
    "The name of what people write on underway.",
    r"(?i)\b(?:iphone|ipad|android|blackberry|galaxy|samsung|huawei|xiaomi|smartphone|mobile\s+(?:phone|device))"
);
pattern!(
    above_this_line,
    "\"Please type your reply above this line\", as ticket systems write it above what they quote.",
    r"(?i)^[\s*_>]*##-.{5,120}-##[\s*_]*$|^[\s\W_]*(?:please\s+)?(?:type|write|enter|reply|respond|add)\b.{0,40}\babove\s+(?:this|the)\s+line[\s\W_]*$"
);
pattern!(
    set_off,
    "Words with a rule before or behind them: \"--- Reply above this line ---\".",
    r"^[\s>]*[-–—#=_*~]{2}|[-–—#=_*~]{2}[\s]*$"
);
pattern!(
    wrote_on_weekday,
    "\"On Monday Desk wrote:\", without a date.",
    r"(?i)^[\s*_]*(?:on|am|el|le|em|na|no|il|op)\s+(?:last\s+)?(?:",
    WEEKDAY,
    r")\b.{1,120}[\s>)](?:",
    WROTE,
    r")\s*[:：]\s*$"
);
pattern!(
    message_of_day,
    "\"Missatge de Eva <eva@example.com> del dia dl., 2 de març 2026 a les 10:12:\", in Catalan.",
    r"(?i)^[\s*_>]*missatge\s+de\s.{1,200}\sdel\s+dia\s.{4,80}[:：]\s*$"
);
pattern!(
    excuse,
    "An excuse for being short.",
    r"(?i)\b(?:",
    EXCUSE,
    r")"
);

/// "Sent from my telephone". A longer sentence is something the writer says, unless it excuses how short the text is or
/// names the device.
pub fn mobile_signature(line: &str) -> bool {
    const MOST_WORDS: usize = 8;
    const MOST_WORDS_OF_DEVICE: usize = 12;
    if !sent_from(line) {
        return false;
    }
    let words = line.split_whitespace().count();
    words <= MOST_WORDS || (words <= MOST_WORDS_OF_DEVICE && device(line)) || excuse(line)
}

pattern!(
    sign_off,
    "\"Best regards,\" alone on its line.",
    r"(?i)^[\s*_]*(?:",
    SIGN_OFF,
    r")[\s,.!。、！*_]*$"
);
pattern!(
    legal_notice,
    "A notice about confidence or about the company.",
    r"(?i)\b(?:",
    LEGAL,
    r")"
);
pattern!(postscript, "\"PS: …\".", r"(?i)^\s*p\.?\s?s\.?\s*[:,-]?\s");
pattern!(
    list_item,
    "A bullet or a number at the start of the line.",
    r"^\s*(?:[-*•]\s+\S|\d{1,2}[.)]\s+\S)"
);
pattern!(
    ends_with_bare_wrote,
    "\"… wrote\" at the end of the line, without a colon.",
    r"(?i)[\s>)](?:",
    WROTE,
    r")\s*$"
);
pattern!(
    says_sent,
    "\"Sent: …\", which only messages have.",
    r"(?i)^[\s>*_]*(?:sent|gesendet|verzonden|envoy|enviad|inviat|sendt|skickat|lähetetty|wysłan|odesl|odosl|elküld|отправлено|надіслано|изпрат|gönder|trimis|poslan|στάλθ|נשלח|送信|发送|傳送|보낸)"
);
pattern!(has_time, "A time of day.", r"\d{1,2}[:.h]\d\d");
pattern!(
    label,
    "\"Label: value\".",
    r"^[\s*_]*[\p{L}\p{M}][\p{L}\p{M} .'’()/-]{0,30}[*_]*\s?[:：]"
);
pattern!(
    has_date,
    "A date or a time of day.",
    r"(?i)\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\b(?:19|20)\d\d\b|\b\d{1,2}[:.h]\d\d\b|\d{1,2}\.?\s+\p{L}{3,9}|\p{L}{3,9}\.?\s+\d{1,2}\b|\d+年"
);
pattern!(
    starts_with_date,
    "A date at the start of the line.",
    r"(?i)^[\s*_]*(?:\d{1,2}[:.]\d\d(?:\s*[ap]\.?m\.?)?,?\s+)?(?:\p{L}{2,10}\.?,?\s+)?(?:\p{L}{3,10}\.?\s+\d{1,2},\s+\d{4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}\.?\s+(?:de\s+)?\p{L}{3,10}\.?,?\s+(?:de\s+)?\d{4}|\d{4}年)"
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
        assert!(mobile_signature(
            "Sent from my telephone, please excuse my brevity and my typos"
        ));
        assert!(!mobile_signature(
            "Sent from my desk, which is much easier than my telephone"
        ));
        assert!(mobile_signature(
            "Sent from my BlackBerry smartphone on the network of a company"
        ));
        assert!(mobile_signature("Obtener Outlook para iOS"));
        assert!(mobile_signature(
            "Outlook für Android<https://example.com/x> herunterladen"
        ));
        assert!(!mobile_signature("We use Outlook for iOS here"));
        assert!(above_this_line("##- Bitte über dieser Zeile antworten -##"));
        assert!(above_this_line("--- Reply above this line ---"));
        assert!(!above_this_line(
            "I cannot reply above this line of text, can you?"
        ));
        assert!(bare_original_message("  Original Message  "));
        assert!(legal_notice("This e-mail is confidential."));
        assert!(postscript("PS: one more thing"));
        assert!(list_item("- milk"));
        assert!(list_item("2. bread"));
        assert!(ends_with_bare_wrote("Eva wrote"));
        assert!(says_sent("Gesendet: heute"));
        assert!(has_time("at 10:42"));
        assert!(label("*Kimdan:* Eva"));
        assert!(starts_with_date("11:00 AM, November 17, 2021, Eva"));
        assert!(sign_off("Regards,"));
        assert!(has_date("10:42"));
        assert!(starts_with_date("2016-01-05 Eva"));
        assert!(ends_with_address("Eva <eva@example.com>"));
        assert!(ends_with_address_colon("Eva <eva@example.com>:"));
        assert!(link_alone("(https://example.com) >"));
    }
}
