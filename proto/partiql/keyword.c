/* SPDX-License-Identifier: Apache-2.0 */
#include "partiql/keyword.h"

#include <stdlib.h>
#include <strings.h>

#define WORD_BYTES_MAX 20

static const char *const keywords[] = { /* sorted */
    "absolute", "action", "add", "all", "allocate", "alter", "and", "any", "are", "as", "asc", "assertion", "at",
    "authorization", "avg", "bag", "begin", "between", "bit", "bit_length", "blob", "bool", "boolean", "by", "cascade",
    "cascaded", "case", "cast", "catalog", "char", "char_length", "character", "character_length", "check", "clob",
    "close", "coalesce", "collate", "collation", "column", "commit", "connect", "connection", "constraint",
    "constraints", "continue", "convert", "corresponding", "count", "create", "cross", "current", "current_date",
    "current_time", "current_timestamp", "current_user", "cursor", "date", "deallocate", "dec", "decimal", "declare",
    "default", "deferrable", "deferred", "delete", "desc", "describe", "descriptor", "diagnostics", "disconnect",
    "distinct", "domain", "double", "drop", "else", "end", "escape", "except", "exception", "exec", "execute",
    "exists", "external", "extract", "false", "fetch", "first", "float", "for", "foreign", "found", "from", "full",
    "get", "global", "go", "goto", "grant", "group", "having", "identity", "immediate", "in", "index", "indicator",
    "initially", "inner", "input", "insensitive", "insert", "int", "int2", "int4", "int8", "integer", "integer2",
    "integer4", "integer8", "intersect", "interval", "into", "is", "isolation", "join", "key", "language", "last",
    "left", "level", "like", "limit", "list", "local", "lower", "match", "max", "min", "missing", "module", "names",
    "national", "natural", "nchar", "next", "no", "not", "null", "nullif", "numeric", "octet_length", "of", "on",
    "only", "open", "option", "or", "order", "outer", "output", "overlaps", "pad", "partial", "pivot", "position",
    "precision", "prepare", "preserve", "primary", "prior", "privileges", "procedure", "public", "read", "real",
    "references", "relative", "remove", "restrict", "revoke", "right", "rollback", "rows", "schema", "scroll",
    "section", "select", "session", "session_user", "set", "sexp", "size", "smallint", "some", "space", "sql",
    "sqlcode", "sqlerror", "sqlstate", "string", "struct", "substring", "sum", "symbol", "system_user", "table",
    "temporary", "then", "time", "timestamp", "to", "transaction", "translate", "translation", "trim", "true", "tuple",
    "union", "unique", "unknown", "unpivot", "update", "upper", "usage", "user", "using", "value", "values", "varchar",
    "varying", "view", "when", "whenever", "where", "with", "work", "write", "zone",
};

static const char *const functions[] = { /* sorted */
    "avg", "bag", "bit_length", "char_length", "character_length", "coalesce", "count", "exists", "list", "lower",
    "max", "min", "nullif", "octet_length", "sexp", "size", "sum", "upper",
};

static int compare(const void *word, const void *entry)
{
    return strcasecmp(word, *(const char *const *)entry);
}

static bool among(struct bytes word, const char *const *list, size_t count)
{
    char text[WORD_BYTES_MAX];

    if (word.len >= sizeof(text))
        return false;
    memcpy(text, word.at, word.len);
    text[word.len] = '\0';
    return bsearch(text, list, count, sizeof(*list), compare) != NULL;
}

bool partiql_keyword(struct bytes word)
{
    return among(word, keywords, sizeof(keywords) / sizeof(keywords[0]));
}

bool partiql_function_keyword(struct bytes word)
{
    return among(word, functions, sizeof(functions) / sizeof(functions[0]));
}
