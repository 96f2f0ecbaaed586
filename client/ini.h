/* SPDX-License-Identifier: Apache-2.0 */
/* ini: the shared config and credentials files, line by line.
 *
 * In:     a whole file. "[section]"; "name = value" or "name: value", the name in any case; a line that begins with '#'
 *         or ';' is a comment, and so is what follows a blank and one of them in a value. LF or CRLF, a BOM, a last line
 *         without end. Lines deeper than a property are nested properties of it if it has no value, otherwise its value
 *         goes on over them.
 * Out:    tokens with views into the file. A value that goes on has the line ends in it, so that nobody who checks what
 *         a name or a key may consist of takes it for one.
 * Thread: one at a time.
 */
#ifndef CLIENT_INI_H
#define CLIENT_INI_H

#include "base/bytes.h"

enum ini_token {
    INI_END,
    INI_SECTION,  /* name: what is between the brackets */
    INI_PROPERTY, /* name, value */
    INI_NESTED,   /* parent, name, value */
    INI_BAD,      /* line is no such line; every later call gives INI_BAD again */
};

struct ini_reader {
    struct bytes rest; /* of the file */
    struct bytes parent, name, value;
    size_t line;   /* of the last token, from 1 */
    size_t lines;  /* read so far */
    size_t indent; /* of the last property that is not nested */
    bool in_section, open, bad;
};

void ini_reader_init(struct ini_reader *reader, struct bytes text);

enum ini_token ini_next(struct ini_reader *reader);

/* Whether name is `lower` in any case. */
bool ini_is(struct bytes name, const char *lower);

#endif
