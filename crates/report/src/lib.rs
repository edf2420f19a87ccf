//! Figures into HTML, CSV and SVG
