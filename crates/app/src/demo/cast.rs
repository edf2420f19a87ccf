//! The people and companies of the demonstration. Every name and domain is made up; the domains can never exist.

/// A company: its name, the language it is written to in, and its time zone.
pub(super) const COMPANIES: [(&str, &str, &str); 60] = [
    ("Aldergrove Logistics", "en", "Europe/London"),
    ("Banco Horizonte", "pt", "America/Sao_Paulo"),
    ("Brightwater Utilities", "en", "America/Chicago"),
    ("Casa Lumbre", "es", "Europe/Madrid"),
    ("Cedar & Finch", "en", "America/New_York"),
    ("Clínica Santa Rita", "es", "America/Mexico_City"),
    ("Copperline Rail", "en", "Europe/London"),
    ("Corvane Systems", "en", "America/Los_Angeles"),
    ("Dunmore Dairy", "en", "Europe/Dublin"),
    ("Eastmark Insurance", "en", "America/New_York"),
    ("Editora Mar Azul", "pt", "America/Recife"),
    ("Elbtal Maschinenbau", "en", "Europe/Berlin"),
    ("Farol Telecom", "pt", "America/Sao_Paulo"),
    ("Fennel Foods", "en", "Australia/Melbourne"),
    ("Ferrovia do Sul", "pt", "America/Sao_Paulo"),
    ("Glasswing Media", "en", "America/Los_Angeles"),
    ("Granite Peak Outfitters", "en", "America/Denver"),
    ("Grupo Alameda", "es", "America/Bogota"),
    ("Halden Shipping", "en", "Europe/Oslo"),
    ("Harrow & Lyle", "en", "Europe/London"),
    ("Hotel Miramar", "es", "Europe/Madrid"),
    ("Ibex Analytics", "en", "Europe/Zurich"),
    ("Indigo Freight", "en", "Asia/Singapore"),
    ("Ironbark Mining", "en", "Australia/Perth"),
    ("Juniper Health", "en", "America/Toronto"),
    ("Kestrel Air", "en", "Pacific/Auckland"),
    ("Kobe Precision", "en", "Asia/Tokyo"),
    ("Lagoa Energia", "pt", "America/Sao_Paulo"),
    ("Larkspur Schools", "en", "America/Chicago"),
    ("Linden Legal", "en", "Europe/Dublin"),
    ("Maple Ridge Credit Union", "en", "America/Vancouver"),
    ("Marisma Pesca", "es", "Europe/Madrid"),
    ("Meridian Clinics", "en", "America/New_York"),
    ("Moinho Velho", "pt", "Europe/Lisbon"),
    ("Nordhavn Wind", "en", "Europe/Copenhagen"),
    ("Northgate Retail", "en", "Europe/London"),
    ("Oakhurst Homes", "en", "America/Chicago"),
    ("Orchid Biotech", "en", "Asia/Singapore"),
    ("Palisade Security", "en", "America/New_York"),
    ("Pampa Agro", "es", "America/Argentina/Buenos_Aires"),
    ("Penrose Robotics", "en", "America/Los_Angeles"),
    ("Quarry Lane Studios", "en", "Europe/London"),
    ("Quinta do Vale", "pt", "Europe/Lisbon"),
    ("Redfern Publishing", "en", "Australia/Sydney"),
    ("Rio Claro Têxtil", "pt", "America/Sao_Paulo"),
    ("Saffron Travel", "en", "Asia/Kolkata"),
    ("Seaglass Ferries", "en", "America/Halifax"),
    ("Solano Vineyards", "es", "America/Santiago"),
    ("Stonebridge Bank", "en", "Europe/London"),
    ("Summit Fleet", "en", "America/Denver"),
    ("Tamarind Hotels", "en", "Asia/Dubai"),
    ("Teal Harbour", "en", "Europe/Dublin"),
    ("Tidewater Pharma", "en", "America/New_York"),
    ("Umbra Lighting", "en", "Europe/Rome"),
    ("Vale Verde Saúde", "pt", "America/Sao_Paulo"),
    ("Valle Norte Minería", "es", "America/Santiago"),
    ("Westbrook Water", "en", "America/Los_Angeles"),
    ("Willow Park Clinics", "en", "Europe/London"),
    ("Yarrow & Sons", "en", "Europe/London"),
    ("Zephyr Cycling", "en", "Europe/Amsterdam"),
];

/// Somebody who serves.
pub(super) struct Server {
    pub name: &'static str,
    pub role: &'static str,
    pub languages: &'static [&'static str],
    pub skills: &'static [&'static str],
}

const fn server(
    name: &'static str,
    role: &'static str,
    languages: &'static [&'static str],
    skills: &'static [&'static str],
) -> Server {
    Server {
        name,
        role,
        languages,
        skills,
    }
}

/// The people who serve.
pub(super) const SERVERS: [Server; 12] = [
    server("Ada Quill", "administrator", &["en"], &[]),
    server("Marcus Thorne", "manager", &["en"], &[]),
    server("Priya Nair", "agent", &["en"], &["integration"]),
    server("Tomás Rey", "agent", &["es", "en"], &["data"]),
    server("Lívia Prado", "agent", &["pt", "en"], &["commercial"]),
    server("Jonas Weld", "agent", &["en"], &["security"]),
    server("Mei Tanaka", "agent", &["en"], &["technical"]),
    server(
        "Oluwaseun Bello",
        "engineer",
        &["en"],
        &["technical", "data"],
    ),
    server(
        "Hanna Lind",
        "engineer",
        &["en"],
        &["integration", "security"],
    ),
    server("Rosa Delgado", "success_manager", &["es", "en"], &[]),
    server("Caio Barros", "success_manager", &["pt", "en"], &[]),
    server("Vera Stone", "viewer", &["en"], &[]),
];

/// Given names of contacts.
pub(super) const GIVEN: [&str; 24] = [
    "Alma", "Bruno", "Clara", "Dev", "Elena", "Felix", "Gwen", "Hugo", "Inês", "Jack", "Kaya",
    "Leo", "Maya", "Noah", "Olga", "Pablo", "Quinn", "Rita", "Sam", "Tess", "Uma", "Víctor",
    "Wren", "Yara",
];

/// Family names of contacts.
pub(super) const FAMILY: [&str; 24] = [
    "Abbott", "Barros", "Calder", "Duarte", "Ellery", "Fonseca", "Garner", "Hollis", "Ibarra",
    "Jensen", "Keane", "Lowell", "Mendes", "Norris", "Okafor", "Paiva", "Quiroga", "Ramsey",
    "Salas", "Tanner", "Umeh", "Vargas", "Whitlock", "Yates",
];
