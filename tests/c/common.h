/*
 * What the C programs share: ending with a sentence, and the environment. A program defines PROGRAM, its name in what it
 * says, before it includes this.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo.h"

static void fail(const char *what)
{
    fprintf(stderr, PROGRAM ": %s\n", what);
    exit(1);
}

/* Prints an error, frees it, and ends the program. */
static void fail_with(const char *what, ExoStatus status, ExoError *error)
{
    ExoErrorView view;
    memset(&view, 0, sizeof view);
    view.size = (uint32_t)sizeof view;
    if (exo_error_view(error, &view) == EXO_STATUS_OK) {
        fprintf(stderr, PROGRAM ": %s: %.*s (%.*s)\n", what, (int)view.message.len, (const char *)view.message.ptr,
                (int)view.advice.len, (const char *)view.advice.ptr);
    } else {
        fprintf(stderr, PROGRAM ": %s: status %u\n", what, (unsigned)status);
    }
    exo_error_free(error);
    exit(1);
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    if (value == NULL || value[0] == '\0') {
        fprintf(stderr, PROGRAM ": %s is not set\n", name);
        exit(2);
    }
    return value;
}
