/* SPDX-License-Identifier: Apache-2.0 */
#include "args.h"
#include "cli.h"

const struct option_info option_infos[OPTION_IDS] = {
    [OPTION_NONE] = {"", 0, NULL, NULL, NULL},
    [OPTION_ENDPOINT] = {"endpoint", 'e', "URL", NULL,
                         "the server; 'aws' is the real service in the region (STATOR_ENDPOINT, "
                         "AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL, else http://localhost:8000)"},
    [OPTION_REGION] = {"region", 0, "REGION", NULL, "the region (AWS_REGION, the profile's, else us-east-1)"},
    [OPTION_PROFILE] = {"profile", 0, "NAME", NULL,
                        "a profile of ~/.aws/config and ~/.aws/credentials, with its endpoint_url if it has one"},
    [OPTION_OUTPUT] =
        {"output", 'o', "FORMAT", "table json jsonl dynamodb",
         "table (on a terminal), json (elsewhere), jsonl: a line for each item, dynamodb: such lines with "
         "types"},
    [OPTION_NO_COLOR] = {"no-color", 0, NULL, NULL, "no colours on a terminal (NO_COLOR)"},
    [OPTION_TIMEOUT] = {"timeout", 0, "SECONDS", NULL, "the longest a request may take, with all attempts (120)"},
    [OPTION_CA_FILE] = {"ca-file", 0, "FILE", NULL, "PEM file of the authorities to trust (the system's)"},
    [OPTION_INSECURE] = {"insecure", 0, NULL, NULL, "take any certificate; for tests alone"},
    [OPTION_VERBOSE] = {"verbose", 'v', NULL, NULL, "tell of retries and connections on standard error"},
    [OPTION_HELP] = {"help", 'h', NULL, NULL, "help on the command"},

    [OPTION_ATTRIBUTES] = {"attributes", 'a', "A,B.C", NULL, "read these attributes alone"},
    [OPTION_BILLING] = {"throughput", 0, "READ,WRITE", NULL,
                        "provisioned capacity units, also of the indexes (on demand)"},
    [OPTION_COLUMNS] = {"columns", 0, "NAME[:TYPE],...", NULL,
                        "columns of a CSV export; without it the table is read twice, first for its columns"},
    [OPTION_CONSISTENT] = {"consistent", 'c', NULL, NULL, "a strongly consistent read"},
    [OPTION_COUNT] = {"count", 0, NULL, NULL, "how many there are, not which"},
    [OPTION_CREATE] = {"create", 0, "KEY[,SORT]", NULL,
                       "make the table first if there is none, with these keys (NAME:TYPE; type S if not given)"},
    [OPTION_DELIMITER] = {"delimiter", 0, "CHARACTER", NULL, "between the fields of CSV; 'tab' is one (,)"},
    [OPTION_DESCENDING] = {"descending", 'd', NULL, NULL, "in falling order of the sort key"},
    [OPTION_FILTER] = {"filter", 'f', "CONDITION", NULL, "leave out items that do not meet it, after reading them"},
    [OPTION_FORMAT] = {"format", 0, "FORMAT", "dynamodb json csv",
                       "dynamodb (JSON lines with types), json (plain JSON lines), csv (by the file's name, else "
                       "dynamodb)"},
    [OPTION_FROM] = {"from", 0, "URL", NULL, "the endpoint to copy from; 'aws' is the real service"},
    [OPTION_FROM_REGION] = {"from-region", 0, "REGION", NULL, "the region to copy from (--region)"},
    [OPTION_FROM_PROFILE] = {"from-profile", 0, "NAME", NULL, "the profile to copy from (--profile)"},
    [OPTION_TO] = {"to", 0, "URL", NULL, "the endpoint to copy to; 'aws' is the real service"},
    [OPTION_TO_REGION] = {"to-region", 0, "REGION", NULL, "the region to copy to (--region)"},
    [OPTION_TO_PROFILE] = {"to-profile", 0, "NAME", NULL, "the profile to copy to (--profile)"},
    [OPTION_AS] = {"as", 0, "NAME", NULL, "call the one copied table that"},
    [OPTION_DEFINITION_ONLY] = {"definition-only", 0, NULL, NULL, "copy no items"},
    [OPTION_IF] = {"if", 0, "CONDITION", NULL, "do it only if the item that is there meets this condition"},
    [OPTION_IF_EXISTS] = {"if-exists", 0, NULL, NULL, "do it, or go on, only if it is there"},
    [OPTION_IF_NOT_EXISTS] = {"if-not-exists", 0, NULL, NULL, "do it only if it is not there yet"},
    [OPTION_INDEX] = {"index", 'i', "INDEX", NULL,
                      "the index to read; of 'tables create': NAME=KEY[,SORT][;keys|;A,B], a global one to make"},
    [OPTION_LOCAL_INDEX] = {"local-index", 0, "NAME=SORT[;keys|;A,B]", NULL, "a local index to make"},
    [OPTION_LIMIT] = {"limit", 'n', "N", NULL, "at most so many"},
    [OPTION_MAN] = {"man", 0, NULL, NULL, "as a manual page"},
    [OPTION_MAX_ERRORS] = {"max-errors", 0, "N", NULL,
                           "go on after so many bad records and report them; 0: stop at the first (0)"},
    [OPTION_NO_PROGRESS] = {"no-progress", 0, NULL, NULL, "no progress bar on a terminal"},
    [OPTION_QUIET] = {"quiet", 'q', NULL, NULL, "nothing on standard error but errors"},
    [OPTION_RATE] = {"rate", 0, "N", NULL, "at most so many items a second"},
    [OPTION_RESUME] = {"resume", 0, "FILE", NULL,
                       "keep in FILE how far it got, and go on from there if FILE exists; it is removed at the end"},
    [OPTION_RETURN] = {"return", 'r', "WHICH", "none old new changed-old changed-new",
                       "show the item as it was or as it is now, or the changed attributes alone"},
    [OPTION_SEGMENTS] = {"segments", 0, "N", NULL, "read with so many scans at once (4)"},
    [OPTION_SINCE] = {"since", 0, "WHEN", "now start", "from now on, or all that is kept (now)"},
    [OPTION_STREAM] = {"stream", 0, "VIEW", "keys new old both",
                       "with a stream of changes that has the keys, the new image, the old one or both"},
    [OPTION_TABLE] = {"table", 't', "TABLE", NULL, "the table"},
    [OPTION_THREADS] = {"threads", 0, "N", NULL, "requests in flight (8)"},
    [OPTION_TO_FILE] = {"to-file", 0, "FILE", NULL, "write to FILE (standard output)"},
    [OPTION_TTL] = {"ttl", 0, "ATTRIBUTE", NULL, "items expire at the time in this attribute, seconds since 1970"},
    [OPTION_TYPES] = {"types", 0, "NAME:TYPE,...", NULL,
                      "types of attributes that plain JSON and CSV without types cannot tell: S N B BOOL NULL SS NS BS "
                      "L M"},
};

#define READING OPTION_INDEX, OPTION_FILTER, OPTION_ATTRIBUTES, OPTION_LIMIT, OPTION_CONSISTENT, OPTION_COUNT

const struct command commands[] = {
    {"put",
     "TABLE ITEM...",
     "write an item, in place of one with the same key",
     "ITEM is an object, or attributes one by one:\n"
     "\n"
     "  stator put users '{id: \"ann\", age: 42, tags: <<\"a\", \"b\">>}'\n"
     "  stator put users id=ann age:=42 'tags:SS=[\"a\",\"b\"]'\n"
     "\n"
     "NAME=TEXT is a string, NAME:=VALUE a value as below, NAME:TYPE=TEXT one of that type, written as in CSV (stator "
     "help import).\n"
     "\n"
     "A value is JSON, with a few liberties: names need no quotes if they are letters, digits, '_' and '-'; texts may "
     "stand in 'single' quotes; <<...>> is a set of strings or numbers; b\"...\" is a binary, as base64.",
     {OPTION_IF, OPTION_IF_NOT_EXISTS, OPTION_IF_EXISTS, OPTION_RETURN},
     2,
     -1,
     cli_put},
    {"get",
     "TABLE KEY [SORT]",
     "read an item by its key",
     "The values of the key are typed as the table says: stator get users ann. A binary is base64. Exits with 3 if "
     "there "
     "is no such item.",
     {OPTION_ATTRIBUTES, OPTION_CONSISTENT},
     2,
     -1,
     cli_get},
    {"update",
     "TABLE KEY [SORT] CHANGE",
     "change attributes of an item, or make it",
     "CHANGE is an update expression with its values in it; names are escaped when need be:\n"
     "\n"
     "  stator update users ann 'set age = age + 1, name = \"Ann\" remove email'\n"
     "  stator update users ann 'add logins 1' --if 'age < 100' --return new",
     {OPTION_IF, OPTION_IF_EXISTS, OPTION_IF_NOT_EXISTS, OPTION_RETURN},
     3,
     -1,
     cli_update},
    {"delete",
     "TABLE KEY [SORT]",
     "delete an item",
     "Without an item of that key it does well all the same, unless --if-exists is given.",
     {OPTION_IF, OPTION_IF_EXISTS, OPTION_RETURN},
     2,
     -1,
     cli_delete},
    {"query",
     "TABLE KEY [SORT]",
     "read the items of one partition, in the order of the sort key",
     "SORT is a value, or a condition on it:\n"
     "\n"
     "  stator query orders ann 2024-05-01        equal\n"
     "  stator query orders ann '2024-*'          begins with\n"
     "  stator query orders ann '>= 2024-05'      also > < <=\n"
     "  stator query orders ann 2024-01..2024-03  from, to, both included\n"
     "  stator query orders ann '= 2024-*'        just that text\n"
     "\n"
     "--filter takes a condition with its values in it: 'total > 100 and contains(city, \"York\")'. --count counts.",
     {READING, OPTION_DESCENDING},
     2,
     -1,
     cli_query},
    {"scan", "TABLE", "read a whole table or index", "--filter as with query.", {READING}, 1, 1, cli_scan},
    {"sql",
     "STATEMENT [PARAMETER...]",
     "a PartiQL statement",
     "A PARAMETER takes the place of a '?'; it is a value as 'put' has them, or, if it is none, a string.\n"
     "\n"
     "  stator sql \"SELECT * FROM users WHERE id = 'ann'\"\n"
     "  stator sql 'SELECT * FROM users WHERE id = ? AND age > ?' ann 30",
     {OPTION_LIMIT, OPTION_CONSISTENT},
     1,
     -1,
     cli_sql},
    {"call",
     "OPERATION [JSON|-]",
     "any operation of the API: JSON in, JSON out",
     "  stator call DescribeLimits\n"
     "  stator call GetItem '{\"TableName\": \"users\", \"Key\": {\"id\": {\"S\": \"ann\"}}}'",
     {OPTION_NONE},
     1,
     2,
     cli_call},
    {"tables", "", "the names of all tables", "", {OPTION_LIMIT}, 0, 0, cli_tables_list},
    {"tables list", "", "the names of all tables", "The same as 'tables'.", {OPTION_LIMIT}, 0, 0, cli_tables_list},
    {"tables describe",
     "TABLE",
     "what a table is: keys, indexes, size, stream",
     "--output json gives all that DescribeTable tells.",
     {OPTION_NONE},
     1,
     1,
     cli_tables_describe},
    {"tables create",
     "TABLE KEY[:TYPE] [SORT[:TYPE]]",
     "make a table, and wait until it is there",
     "TYPE is S (if not given), N or B.\n"
     "\n"
     "  stator tables create orders customer date --index 'by-city=city,total:N;keys' --stream both\n"
     "\n"
     "An index has all attributes (if nothing else is said), the keys, or the keys and those named after ';'.",
     {OPTION_INDEX, OPTION_LOCAL_INDEX, OPTION_BILLING, OPTION_STREAM, OPTION_TTL, OPTION_IF_NOT_EXISTS},
     2,
     3,
     cli_tables_create},
    {"tables drop",
     "TABLE...",
     "delete tables with all their items, and wait until they are gone",
     "It does not ask. With --if-exists a table that is not there is no error.",
     {OPTION_IF_EXISTS},
     1,
     -1,
     cli_tables_drop},
    {"import",
     "FILE|-",
     "write the items of a file to a table",
     "The file is read as it is written, never as a whole. Formats:\n"
     "\n"
     "dynamodb: a line is an item with types, {\"id\": {\"S\": \"ann\"}}, also inside {\"Item\": ...} as the service "
     "exports it.\n"
     "\n"
     "json: a line is an item in plain JSON; --types names attributes that are binaries or sets. Key attributes get "
     "the "
     "types of the table.\n"
     "\n"
     "csv: RFC 4180 with a header. A column is NAME:TYPE or, as in files that others made, NAME: its type is that of "
     "the "
     "key attribute of that name, or what --types says, else S. A field of a B is base64; of a BOOL true or false; of "
     "a "
     "NULL null; of an SS, NS or BS a JSON array of strings; of an L or M DynamoDB's JSON. An empty field is an "
     "attribute "
     "that is not there; two quotes are an empty string.\n"
     "\n"
     "A record that is wrong is reported with file and line. With --resume an import that was broken off goes on where "
     "all "
     "before was written; what was written twice is no harm, for an item takes the place of itself. "
     "Of records with the same key any may be the one that stays; with --threads 1 it is the last.",
     {OPTION_TABLE, OPTION_FORMAT, OPTION_TYPES, OPTION_DELIMITER, OPTION_CREATE, OPTION_THREADS, OPTION_RATE,
      OPTION_RESUME, OPTION_MAX_ERRORS, OPTION_NO_PROGRESS, OPTION_QUIET},
     1,
     1,
     cli_import},
    {"export",
     "[TABLE]",
     "write all items of a table to a file or standard output",
     "The formats of 'import', which reads back exactly what dynamodb and csv wrote; plain JSON has no sets and no "
     "binaries. Parts of the table are read at once, so the order is none.\n"
     "\n"
     "CSV has a column NAME:TYPE for each type an attribute has; unless --columns names them the table is read twice, "
     "first "
     "for its columns. With --resume and --to-file an export that was broken off goes on.",
     {OPTION_TABLE, OPTION_TO_FILE, OPTION_FORMAT, OPTION_COLUMNS, OPTION_DELIMITER, OPTION_FILTER, OPTION_ATTRIBUTES,
      OPTION_CONSISTENT, OPTION_SEGMENTS, OPTION_RATE, OPTION_RESUME, OPTION_NO_PROGRESS, OPTION_QUIET},
     0,
     1,
     cli_export},
    {"copy",
     "[TABLE...]",
     "copy tables from one endpoint to another: definition and items",
     "Keys, indexes, billing, stream, time to live and tags go with the table; a table that is there already keeps its "
     "definition, and items with the same keys are replaced. Without names all tables are copied.\n"
     "\n"
     "  stator copy --from aws --from-region eu-west-1 --to http://localhost:8000 orders users",
     {OPTION_FROM, OPTION_FROM_REGION, OPTION_FROM_PROFILE, OPTION_TO, OPTION_TO_REGION, OPTION_TO_PROFILE, OPTION_AS,
      OPTION_DEFINITION_ONLY, OPTION_SEGMENTS, OPTION_RATE, OPTION_NO_PROGRESS, OPTION_QUIET},
     0,
     -1,
     cli_copy},
    {"tail",
     "TABLE",
     "follow a table's stream: a line for each change",
     "Until it is interrupted, or --limit changes were shown.",
     {OPTION_SINCE, OPTION_LIMIT},
     1,
     1,
     cli_tail},
    {"completion",
     "SHELL",
     "completion for bash, zsh or fish",
     "  bash  eval \"$(stator completion bash)\"\n"
     "  zsh   stator completion zsh >~/.zfunc/_stator\n"
     "  fish  stator completion fish >~/.config/fish/completions/stator.fish",
     {OPTION_NONE},
     1,
     1,
     cli_completion},
    {"help", "[COMMAND|commands]", "help on a command, or the list of commands", "", {OPTION_MAN}, 0, 2, cli_help},
};

const size_t command_count = sizeof(commands) / sizeof(commands[0]);
