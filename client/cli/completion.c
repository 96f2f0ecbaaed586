/* SPDX-License-Identifier: Apache-2.0 */
/* Completion for shells, made of the tables of commands and options. Names of tables are asked from the server. */
#include <string.h>

#include "cli.h"

/* The first word of a name of two. */
static int first_word(const struct command *command)
{
    return (int)strcspn(command->name, " ");
}

static bool is_second_word(const struct command *command)
{
    return command->name[first_word(command)] == ' ';
}

static bool takes_table(const struct command *command)
{
    return strncmp(command->operands, "TABLE", 5) == 0 || strncmp(command->operands, "[TABLE", 6) == 0;
}

/* A text within single quotes of sh, zsh and fish; in descriptions quotes and brackets are only ornament. */
static void print_plain(const char *text)
{
    for (; *text != '\0'; text++)
        if (strchr("'\"[]:\\`$", *text) == NULL)
            putchar(*text);
}

static void print_option_words(const struct command *command)
{
    for (int id = OPTION_NONE + 1; id < OPTION_IDS; id++)
        if (command_takes(command, (enum option_id)id))
            printf(" --%s", option_infos[id].name);
}

/* --- bash --------------------------------------------------------------------------------------------------------- */

static void bash_values(void)
{
    printf("    case $previous in\n");
    for (int id = OPTION_NONE + 1; id < OPTION_IDS; id++)
        if (option_infos[id].choices != NULL)
            printf("        --%s) COMPREPLY=($(compgen -W '%s' -- \"$word\")); return ;;\n", option_infos[id].name,
                   option_infos[id].choices);
    printf("        --table|-t) COMPREPLY=($(compgen -W \"$(_stator_tables)\" -- \"$word\")); return ;;\n"
           "        --resume|--to-file|--ca-file) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
           "    esac\n");
}

static void bash_command(const struct command *command)
{
    printf("        '%s') words='", command->name);
    print_option_words(command);
    printf("'%s ;;\n", takes_table(command) ? " tables=yes" : "");
}

static void print_bash(void)
{
    printf("# Completion of stator for bash: eval \"$(stator completion bash)\"\n"
           "_stator_tables() { stator tables --output jsonl --timeout \"${STATOR_COMPLETION_SECONDS:-2}\" 2>/dev/null "
           "| tr -d '\"'; }\n"
           "_stator() {\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} words= tables= command=\n"
           "    COMPREPLY=()\n");
    bash_values();
    printf("    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W 'serve healthcheck status compact");
    for (size_t i = 0; i < command_count; i++)
        if (!is_second_word(&commands[i]))
            printf(" %s", commands[i].name);
    printf("' -- \"$word\"))\n        return\n    fi\n    command=${COMP_WORDS[1]}\n"
           "    if [ \"$command\" = tables ]; then\n"
           "        if [ \"$COMP_CWORD\" -eq 2 ] && [[ $word != -* ]]; then\n"
           "            COMPREPLY=($(compgen -W '");
    for (size_t i = 0; i < command_count; i++)
        if (is_second_word(&commands[i]))
            printf(" %s", commands[i].name + first_word(&commands[i]) + 1);
    printf("' -- \"$word\"))\n            return\n        fi\n"
           "        case ${COMP_WORDS[2]-} in list|describe|create|drop) command=\"tables ${COMP_WORDS[2]}\" ;; esac\n"
           "    fi\n    case $command in\n");
    for (size_t i = 0; i < command_count; i++)
        bash_command(&commands[i]);
    printf("    esac\n"
           "    case $command in\n"
           "        completion) words=\"$words bash zsh fish\" ;;\n"
           "        import) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
           "        help) words=\"$words commands");
    for (size_t i = 0; i < command_count; i++)
        if (!is_second_word(&commands[i]))
            printf(" %s", commands[i].name);
    printf("\" ;;\n    esac\n"
           "    if [[ $word != -* ]] && [ -n \"$tables\" ]; then words=$(_stator_tables); fi\n"
           "    COMPREPLY+=($(compgen -W \"$words\" -- \"$word\"))\n"
           "}\ncomplete -o default -F _stator stator stator-cli\n");
}

/* --- zsh ---------------------------------------------------------------------------------------------------------- */

static void zsh_option(enum option_id id)
{
    const struct option_info *info = &option_infos[id];

    printf(" '--%s[", info->name);
    print_plain(info->help);
    printf("]");
    if (info->choices != NULL)
        printf(":value:(%s)", info->choices);
    else if (id == OPTION_TABLE)
        printf(":table:_stator_tables");
    else if (info->value != NULL)
        printf(":value:%s", id == OPTION_RESUME || id == OPTION_TO_FILE || id == OPTION_CA_FILE ? "_files" : "");
    printf("'");
}

static void zsh_command(const struct command *command)
{
    printf("        '%s') _arguments", command->name);
    for (int id = OPTION_NONE + 1; id < OPTION_IDS; id++)
        if (command_takes(command, (enum option_id)id))
            zsh_option((enum option_id)id);
    if (command->run == cli_completion)
        printf(" '*:shell:(bash zsh fish)'");
    else if (takes_table(command))
        printf(" '*:table:_stator_tables'");
    else if (command->run == cli_import)
        printf(" '*:file:_files'");
    printf(" ;;\n");
}

static void zsh_names(bool second)
{
    for (size_t i = 0; i < command_count; i++) {
        if (is_second_word(&commands[i]) != second)
            continue;
        printf(" '%s:", second ? commands[i].name + first_word(&commands[i]) + 1 : commands[i].name);
        print_plain(commands[i].summary);
        printf("'");
    }
}

static void print_zsh(void)
{
    printf("#compdef stator stator-cli\n"
           "_stator_tables() { compadd -- ${(f)\"$(stator tables --output jsonl --timeout 2 2>/dev/null | tr -d "
           "'\"')\"} }\n"
           "_stator() {\n    local command=$words[2]\n    local -a names\n"
           "    if (( CURRENT == 2 )); then\n        names=('serve:the server' 'healthcheck:whether a server answers' "
           "'status:how a server is' 'compact:rewrite its files'");
    zsh_names(false);
    printf(")\n        _describe command names\n        return\n    fi\n"
           "    if [[ $command == tables ]]; then\n        if (( CURRENT == 3 )) && [[ $words[3] != -* ]]; then\n"
           "            names=(");
    zsh_names(true);
    printf(")\n            _describe command names\n            return\n        fi\n"
           "        [[ $words[3] == (list|describe|create|drop) ]] && { command=\"tables $words[3]\"; shift words; "
           "(( CURRENT-- )) }\n    fi\n    shift words\n    (( CURRENT-- ))\n    case $command in\n");
    for (size_t i = 0; i < command_count; i++)
        zsh_command(&commands[i]);
    printf("    esac\n}\nif [[ $funcstack[1] == _stator ]]; then _stator \"$@\"; else compdef _stator stator "
           "stator-cli; fi\n");
}

/* --- fish --------------------------------------------------------------------------------------------------------- */

/* The condition under which a completion holds: the command has been typed. */
static void fish_when(const struct command *command)
{
    int len = first_word(command);

    printf("complete -c stator -n '__fish_seen_subcommand_from %.*s", len, command->name);
    if (is_second_word(command))
        printf("; and __fish_seen_subcommand_from %s", command->name + len + 1);
    printf("'");
}

static void fish_option(const struct command *command, enum option_id id)
{
    const struct option_info *info = &option_infos[id];

    if (command != NULL)
        fish_when(command);
    else
        printf("complete -c stator");
    if (info->letter != 0)
        printf(" -s %c", info->letter);
    printf(" -l %s", info->name);
    if (info->choices != NULL)
        printf(" -x -a '%s'", info->choices);
    else if (id == OPTION_TABLE)
        printf(" -x -a '(__stator_tables)'");
    else if (info->value != NULL)
        printf(" -r");
    printf(" -d '");
    print_plain(info->help);
    printf("'\n");
}

static void fish_name(const struct command *command)
{
    int len = first_word(command);

    if (is_second_word(command))
        printf("complete -c stator -f -n '__fish_seen_subcommand_from %.*s' -a %s -d '", len, command->name,
               command->name + len + 1);
    else
        printf("complete -c stator -f -n __fish_use_subcommand -a %s -d '", command->name);
    print_plain(command->summary);
    printf("'\n");
    if (takes_table(command)) {
        fish_when(command);
        printf(" -f -a '(__stator_tables)'\n");
    }
    for (const enum option_id *id = command->options; *id != OPTION_NONE; id++)
        fish_option(command, *id);
}

static void print_fish(void)
{
    printf("function __stator_tables\n    stator tables --output jsonl --timeout 2 2>/dev/null | tr -d '\"'\nend\n"
           "complete -c stator -f -n __fish_use_subcommand -a serve -d 'the server'\n"
           "complete -c stator -f -n __fish_use_subcommand -a healthcheck -d 'whether a server answers'\n"
           "complete -c stator -f -n __fish_use_subcommand -a status -d 'how a server is'\n"
           "complete -c stator -f -n __fish_use_subcommand -a compact -d 'rewrite its files'\n");
    for (size_t i = 0; i < command_count; i++)
        fish_name(&commands[i]);
    for (int id = OPTION_NONE + 1; id <= OPTION_GLOBAL_LAST; id++)
        fish_option(NULL, (enum option_id)id);
    printf("complete -c stator -f -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'\n");
}

int cli_completion(struct cli *cli)
{
    const char *shell = cli->args->operands[0];

    if (strcmp(shell, "bash") == 0)
        print_bash();
    else if (strcmp(shell, "zsh") == 0)
        print_zsh();
    else if (strcmp(shell, "fish") == 0)
        print_fish();
    else
        return cli_complain(CODE_USAGE, "there is completion for bash, zsh and fish, not for '%s'", shell);
    return CODE_OK;
}
