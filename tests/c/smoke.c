/*
 * Smoke test of libexo from C: connects to the stand-in tenant, runs commands, walks tapes, prints rows, handles an
 * error, cancels a command, closes.
 *
 * Takes the tenant from the environment, as `exo-lab --env-file` writes it: EXO_LAB_URL, EXO_LAB_AUTHORITY,
 * EXO_LAB_USER, EXO_LAB_PASSWORD, SSL_CERT_FILE. Ends with "smoke: all well" and status 0.
 */

#define PROGRAM "smoke"
#include "common.h"

enum { KIND_STRING = 17, KIND_TYPE_NAMES = 34, KIND_LIST = 40, KIND_ENTRY = 45 };

/* Whether the walk goes over what a node holds: type names, and containers other than objects and bags of members. */
static int holds_others(uint8_t kind)
{
    return kind == KIND_TYPE_NAMES || (KIND_LIST <= kind && kind <= KIND_ENTRY);
}

/* Walks the members of the first object of a tape and prints them; gives how many there were. */
static unsigned print_row(const ExoEvent *event)
{
    ExoTape tape;
    unsigned members = 0;
    size_t index = 0;
    memset(&tape, 0, sizeof tape);
    tape.size = (uint32_t)sizeof tape;
    if (exo_event_tape(event, &tape) != EXO_STATUS_OK || tape.version != EXO_TAPE_VERSION) {
        fail("an output event has no tape that can be read");
    }
    while (index < tape.node_count) {
        const ExoNode *node = &tape.nodes[index];
        if (node->name != 0) {
            ExoText name;
            if (exo_tape_name(event, node->name, &name) != EXO_STATUS_OK) {
                fail("a node has a name that the tape does not have");
            }
            members++;
            printf("  %.*s", (int)name.len, (const char *)name.ptr);
            if (node->kind == KIND_STRING) {
                const uint8_t *arena = (node->flags & 1) != 0 ? tape.side : tape.text;
                printf(" = %.*s", (int)node->b, (const char *)arena + node->a);
            }
            printf("\n");
        }
        index = holds_others(node->kind) ? node->a : index + 1;
    }
    return members;
}

/* Pulls events until the end; counts output and error records; gives the final state. */
static uint32_t drain(ExoOperation *operation, unsigned *output, unsigned *errors, int print)
{
    uint32_t state = 0;
    for (;;) {
        ExoEvent *event = NULL;
        ExoError *error = NULL;
        ExoStatus status = exo_operation_next(operation, EXO_WAIT_FOREVER, &event, &error);
        if (status == EXO_STATUS_END) {
            return state;
        }
        if (status != EXO_STATUS_OK) {
            fail_with("a command", status, error);
        }
        switch (exo_event_kind(event)) {
        case EXO_EVENT_OUTPUT:
            (*output)++;
            if (print) {
                printf("row %u\n", *output);
                if (print_row(event) == 0) {
                    fail("a row has no members");
                }
            }
            break;
        case EXO_EVENT_ERROR:
            (*errors)++;
            break;
        case EXO_EVENT_FINISHED:
            if (exo_event_state(event, &state) != EXO_STATUS_OK) {
                fail("the end has no state");
            }
            break;
        default:
            break;
        }
        exo_event_free(event);
    }
}

static ExoOperation *invoke(ExoSession *session, const char *command, const char *parameters)
{
    ExoOperation *operation = NULL;
    ExoError *error = NULL;
    ExoStatus status = exo_session_invoke(session, (const uint8_t *)command, strlen(command),
                                          (const uint8_t *)parameters, strlen(parameters), &operation, &error);
    if (status != EXO_STATUS_OK) {
        fail_with(command, status, error);
    }
    return operation;
}

static ExoOperation *start_connect(const char *password)
{
    static char options[4096];
    uint16_t secret[256];
    size_t secret_len = strlen(password);
    size_t index;
    ExoOperation *operation = NULL;
    ExoError *error = NULL;
    ExoStatus status;
    int written = snprintf(options, sizeof options,
                           "{\"connectionUri\":\"%s\",\"authority\":\"%s\",\"user\":\"%s\",\"caFile\":\"%s\"}",
                           variable("EXO_LAB_URL"), variable("EXO_LAB_AUTHORITY"), variable("EXO_LAB_USER"),
                           variable("SSL_CERT_FILE"));
    if (written < 0 || sizeof options <= (size_t)written || sizeof secret / sizeof secret[0] < secret_len) {
        fail("the environment holds texts that are too long");
    }
    for (index = 0; index < secret_len; index++) {
        secret[index] = (unsigned char)password[index];
    }
    status = exo_connect((const uint8_t *)options, (size_t)written, secret, secret_len, &operation, &error);
    memset(secret, 0, sizeof secret);
    if (status != EXO_STATUS_OK) {
        fail_with("connect", status, error);
    }
    return operation;
}

static ExoSession *connect_session(void)
{
    ExoOperation *operation = start_connect(variable("EXO_LAB_PASSWORD"));
    ExoSession *session = NULL;
    for (;;) {
        ExoEvent *event = NULL;
        ExoError *error = NULL;
        ExoText text;
        ExoStatus status = exo_operation_next(operation, EXO_WAIT_FOREVER, &event, &error);
        if (status == EXO_STATUS_END) {
            break;
        }
        if (status != EXO_STATUS_OK) {
            fail_with("connect", status, error);
        }
        if (exo_event_kind(event) == EXO_EVENT_CONNECTED && exo_event_session(event, &session) != EXO_STATUS_OK) {
            fail("the event of a connection has no session");
        }
        if (exo_event_kind(event) == EXO_EVENT_CONNECT_STEP && exo_event_text(event, &text) == EXO_STATUS_OK) {
            printf("connecting: %.*s\n", (int)text.len, (const char *)text.ptr);
        }
        exo_event_free(event);
    }
    exo_operation_free(operation);
    if (session == NULL) {
        fail("connecting ended without a session");
    }
    return session;
}

/* A wrong password has to be an error that says so. */
static void expect_refusal(void)
{
    ExoOperation *operation = start_connect("not the password");
    ExoEvent *event = NULL;
    ExoError *error = NULL;
    ExoErrorView view;
    ExoStatus status;
    while ((status = exo_operation_next(operation, EXO_WAIT_FOREVER, &event, &error)) == EXO_STATUS_OK) {
        exo_event_free(event);
    }
    if (status != EXO_STATUS_AUTHENTICATION) {
        fail_with("a wrong password was not refused as one", status, error);
    }
    memset(&view, 0, sizeof view);
    view.size = (uint32_t)sizeof view;
    if (exo_error_view(error, &view) != EXO_STATUS_OK || view.message.len == 0) {
        fail("an error says nothing");
    }
    printf("refused: %.*s\n", (int)view.message.len, (const char *)view.message.ptr);
    exo_error_free(error);
    exo_operation_free(operation);
}

int main(void)
{
    ExoSession *session;
    ExoOperation *operation;
    ExoEvent *event = NULL;
    ExoError *error = NULL;
    ExoBytes *info = NULL;
    ExoText text;
    ExoStatus status;
    unsigned output = 0;
    unsigned errors = 0;
    uint32_t minor = EXO_ABI_MINOR;

    if (exo_abi_version() >> 16 != EXO_ABI_MAJOR || (exo_abi_version() & 0xFFFF) < minor) {
        fail("the library has another interface than the header");
    }
    expect_refusal();
    session = connect_session();

    status = exo_session_info(session, &info, &error);
    if (status != EXO_STATUS_OK) {
        fail_with("info", status, error);
    }
    if (exo_bytes_view(info, &text) != EXO_STATUS_OK) {
        fail("the bytes cannot be read");
    }
    printf("connected: %.*s\n", (int)text.len, (const char *)text.ptr);
    exo_bytes_free(info);

    operation = invoke(session, "Get-AcceptedDomain", "");
    if (drain(operation, &output, &errors, 1) != EXO_STATE_COMPLETED || output == 0 || errors != 0) {
        fail("Get-AcceptedDomain did not give rows");
    }
    exo_operation_free(operation);

    output = 0;
    operation = invoke(session, "Get-Mailbox", "<Obj RefId=\"0\"><MS><S N=\"Identity\">nobody</S></MS></Obj>");
    drain(operation, &output, &errors, 0);
    if (output != 0 || errors != 1) {
        fail("a mailbox that does not exist is not one error record");
    }
    exo_operation_free(operation);

    errors = 0;
    operation = invoke(session, "Get-Mailbox", "<Obj RefId=\"0\"><MS><S N=\"ResultSize\">Unlimited</S></MS></Obj>");
    if (exo_operation_next(operation, EXO_WAIT_FOREVER, &event, &error) != EXO_STATUS_OK) {
        fail("a long command does not begin");
    }
    exo_event_free(event);
    if (exo_operation_cancel(operation) != EXO_STATUS_OK) {
        fail("a command cannot be cancelled");
    }
    if (drain(operation, &output, &errors, 0) != EXO_STATE_STOPPED) {
        fail("a cancelled command did not stop");
    }
    exo_operation_free(operation);

    status = exo_session_close(session, 30000, &error);
    if (status != EXO_STATUS_OK) {
        fail_with("close", status, error);
    }
    if (exo_session_close(session, 30000, NULL) != EXO_STATUS_CLOSED) {
        fail("a session can be closed twice");
    }
    exo_session_free(session);
    if (exo_session_close(NULL, 0, NULL) != EXO_STATUS_NULL) {
        fail("NULL is taken for a session");
    }
    status = exo_shutdown(10000, &error);
    if (status != EXO_STATUS_OK) {
        fail_with("shutdown", status, error);
    }
    printf("smoke: all well\n");
    return 0;
}
