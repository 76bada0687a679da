/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/page.h"

#include "base/str.h"
#include "base/text.h"
#include "report/plot.h"

#include <string.h>

static const char style[] =
	":root{color-scheme:light dark;--ink:#1b1f24;--dim:#59636e;--paper:#fff;--line:#d5dbe1;"
	"--shade:#f4f6f8;--mark:#2b7bba;--found:#b3420a}\n"
	"@media(prefers-color-scheme:dark){:root{--ink:#e4e8ec;--dim:#9aa6b2;--paper:#14181c;"
	"--line:#343c45;--shade:#1d2329;--mark:#6cb2e8;--found:#f0a063}}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:64rem;background:var(--paper);"
	"color:var(--ink);font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}\n"
	"h1{font-size:1.7rem;line-height:1.25;margin:0 0 .3rem}\n"
	"h2{font-size:1.2rem;margin:2.4rem 0 .6rem;padding-top:.9rem;border-top:1px solid var(--line)}\n"
	"h3{font-size:1rem;margin:1.6rem 0 .4rem}\n"
	"p{margin:.5rem 0;max-width:46rem}\n"
	".lead{color:var(--dim)}\n"
	".answer{font-size:1.2rem;line-height:1.45;border-left:4px solid var(--mark);"
	"padding:.7rem 1rem;margin:1.2rem 0;background:var(--shade);max-width:none}\n"
	".note{color:var(--dim);font-size:.9rem}\n"
	"ul{margin:.5rem 0;padding-left:1.2rem}\n"
	".scroll{overflow-x:auto}\n"
	"table{border-collapse:collapse;font-size:.86rem;font-variant-numeric:tabular-nums;margin:.4rem 0}\n"
	"th,td{padding:.32rem .65rem;border-bottom:1px solid var(--line);text-align:right;"
	"vertical-align:top;white-space:nowrap}\n"
	"th{font-weight:600;color:var(--dim);border-bottom-width:2px}\n"
	"th[title]{text-decoration:underline dotted;text-underline-offset:3px;cursor:help}\n"
	".l{text-align:left;white-space:normal}\n"
	"tr.found td{font-weight:600}\n"
	"tr.found td:last-child{color:var(--found)}\n"
	"tr.control td{color:var(--dim)}\n"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.2rem;font-size:.92rem;margin:.6rem 0}\n"
	"dt{color:var(--dim)}\n"
	"dd{margin:0;overflow-wrap:anywhere}\n"
	"pre{background:var(--shade);padding:.8rem 1rem;overflow-x:auto;font-size:.85rem;line-height:1.45;"
	"white-space:pre-wrap;overflow-wrap:anywhere}\n"
	"figure{margin:1.4rem 0}\n"
	"figure svg{display:block;width:100%;height:auto;max-width:52rem;color:var(--ink)}\n"
	"figcaption{color:var(--dim);font-size:.9rem;max-width:46rem}\n"
	"@media print{:root{--ink:#000;--dim:#444;--paper:#fff;--line:#bbb;--shade:#f3f3f3;--mark:#333;"
	"--found:#000}body{padding:0;max-width:none;font-size:10.5pt}"
	"figure,table,.answer,.note{break-inside:avoid}h2,h3,.note{break-after:avoid}"
	".scroll{overflow:visible}table{font-size:7.6pt}th,td{padding:.2rem .3rem}th,.l{white-space:normal}"
	"th[title]{text-decoration:none}}\n";

void page_append_text(struct str *out, const char *text)
{
	struct str safe;
	size_t i;

	str_init(&safe);
	text_append_printable(&safe, text, strlen(text));
	for (i = 0; i < safe.length; i++) {
		switch (safe.data[i]) {
		case '&':
			str_append(out, "&amp;");
			break;
		case '<':
			str_append(out, "&lt;");
			break;
		case '>':
			str_append(out, "&gt;");
			break;
		case '"':
			str_append(out, "&quot;");
			break;
		case '\'':
			str_append(out, "&#39;");
			break;
		default:
			str_append_char(out, safe.data[i]);
		}
	}
	out->failed = out->failed || safe.failed;
	str_done(&safe);
}

/* -- the page --------------------------------------------------------------------------------------- */

/* Should a text ever escape its escaping, the browser still runs and loads nothing. */
void page_begin(struct str *out, const char *title)
{
	str_append(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		   "style-src 'unsafe-inline'; img-src data:\">\n"
		   "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>");
	page_append_text(out, title);
	str_append(out, "</title>\n<style>\n");
	str_append(out, style);
	str_append(out, "</style>\n</head>\n<body>\n");
}

void page_end(struct str *out)
{
	str_append(out, "</body>\n</html>\n");
}

static void append_element(struct str *out, const char *name, const char *class, const char *text)
{
	str_appendf(out, "<%s", name);
	if (class != NULL)
		str_appendf(out, " class=\"%s\"", class);
	str_append(out, ">");
	page_append_text(out, text);
	str_appendf(out, "</%s>\n", name);
}

void page_heading(struct str *out, unsigned level, const char *text)
{
	const char name[] = { 'h', (char)('0' + level), '\0' };

	append_element(out, name, NULL, text);
}

void page_paragraph(struct str *out, const char *class, const char *text)
{
	append_element(out, "p", class, text);
}

void page_list(struct str *out, const char *lines)
{
	const char *end;
	struct str line;

	str_init(&line);
	str_append(out, "<ul>\n");
	for (; *lines != '\0'; lines = *end != '\0' ? end + 1 : end) {
		end = lines + strcspn(lines, "\n");
		str_clear(&line);
		str_append_bytes(&line, lines, (size_t)(end - lines));
		append_element(out, "li", NULL, line.data != NULL ? line.data : "");
	}
	str_append(out, "</ul>\n");
	str_done(&line);
}

/* Line by line: a line feed is the one control character that stays. */
void page_code(struct str *out, const char *text)
{
	const char *end;
	struct str line;
	size_t i;

	str_init(&line);
	str_append(out, "<pre>");
	for (; *text != '\0'; text = *end != '\0' ? end + 1 : end) {
		end = text + strcspn(text, "\n");
		str_clear(&line);
		for (i = 0; text + i < end; i++)
			str_append(&line, text[i] == '\t' ? "        " : (char[]){ text[i], '\0' });
		page_append_text(out, line.data != NULL ? line.data : "");
		str_append_char(out, '\n');
	}
	str_append(out, "</pre>\n");
	str_done(&line);
}

void page_details_begin(struct str *out, const char *summary)
{
	str_append(out, "<details open>\n");
	append_element(out, "summary", NULL, summary);
}

void page_details_end(struct str *out)
{
	str_append(out, "</details>\n");
}

/* -- facts and tables ------------------------------------------------------------------------------- */

void page_facts_begin(struct str *out)
{
	str_append(out, "<dl>\n");
}

void page_fact(struct str *out, const char *name, const char *value)
{
	append_element(out, "dt", NULL, name);
	append_element(out, "dd", NULL, value);
}

void page_facts_end(struct str *out)
{
	str_append(out, "</dl>\n");
}

void page_table_begin(struct str *out, const char *caption)
{
	if (caption != NULL)
		page_paragraph(out, "note", caption);
	str_append(out, "<div class=\"scroll\"><table>\n<tr>");
}

void page_table_heading(struct str *out, const char *text, const char *help, bool left)
{
	str_appendf(out, "<th scope=\"col\"%s", left ? " class=\"l\"" : "");
	if (help != NULL && *help != '\0') {
		str_append(out, " title=\"");
		page_append_text(out, help);
		str_append(out, "\"");
	}
	str_append(out, ">");
	page_append_text(out, text);
	str_append(out, "</th>");
}

void page_table_row_begin(struct str *out, const char *class)
{
	/* The row before, or the headings, ends here. */
	str_append(out, class != NULL ? "</tr>\n<tr class=\"" : "</tr>\n<tr>");
	if (class != NULL)
		str_appendf(out, "%s\">", class);
}

void page_table_cell(struct str *out, const char *text, bool left)
{
	str_append(out, left ? "<td class=\"l\">" : "<td>");
	page_append_text(out, text);
	str_append(out, "</td>");
}

void page_table_end(struct str *out)
{
	str_append(out, "</tr>\n</table></div>\n");
}

/* -- figures --------------------------------------------------------------------------------------------- */

void page_figure(struct str *out, const struct plot *plot, const char *undrawn)
{
	page_heading(out, 3, plot->title);
	str_append(out, "<figure>\n");
	if (plot->svg.length > 0)
		plot_append_inline_svg(plot, out);
	else
		page_paragraph(out, "note", undrawn);
	str_append(out, "<figcaption>");
	if (plot->about.length > 0) {
		page_append_text(out, plot->about.data);
		str_append(out, ". ");
	}
	page_append_text(out, plot->caption);
	str_appendf(out, " Numbers and script: %s.tsv, %s.gp.</figcaption>\n</figure>\n", plot->name,
		    plot->name);
}
