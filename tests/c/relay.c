/*
 * A relay of libexo from C: opens a session in which the caller speaks PowerShell's remoting protocol in lines, closes it,
 * and sees a link that breaks still answer.
 *
 * Takes the tenant from the environment, as `exo-lab --env-file` writes it: EXO_LAB_URL, EXO_LAB_USER, EXO_LAB_PASSWORD,
 * SSL_CERT_FILE; and the first line that PowerShell writes from RELAY_OPENING. Ends with "relay: all well" and status 0.
 */

#define PROGRAM "relay"
#include "common.h"

static const char CLOSE[] = "<Close PSGuid='00000000-0000-0000-0000-000000000000' />";
static const char CLOSE_ACK[] = "<CloseAck PSGuid='00000000-0000-0000-0000-000000000000' />";
static const char DATA_ACK[] = "<DataAck PSGuid='00000000-0000-0000-0000-000000000000' />";

static ExoOperation *start(const char *password)
{
    static char options[4096];
    static const char name[] = "password";
    uint16_t text[256];
    size_t text_len = strlen(password);
    size_t index;
    ExoSecret secret;
    ExoOperation *operation = NULL;
    ExoError *error = NULL;
    ExoStatus status;
    int written = snprintf(options, sizeof options,
                           "{\"connectionUri\":\"%s\",\"authentication\":\"basic\",\"user\":\"%s\",\"caFile\":\"%s\"}",
                           variable("EXO_LAB_URL"), variable("EXO_LAB_USER"), variable("SSL_CERT_FILE"));
    if (written < 0 || sizeof options <= (size_t)written || sizeof text / sizeof text[0] < text_len) {
        fail("the environment holds texts that are too long");
    }
    for (index = 0; index < text_len; index++) {
        text[index] = (unsigned char)password[index];
    }
    secret.name.ptr = (const uint8_t *)name;
    secret.name.len = strlen(name);
    secret.ptr = (const uint8_t *)text;
    secret.len = text_len * sizeof text[0];
    status = exo_relay((const uint8_t *)options, (size_t)written, &secret, 1, &operation, &error);
    memset(text, 0, sizeof text);
    if (status != EXO_STATUS_OK) {
        fail_with("relay", status, error);
    }
    return operation;
}

static void write_line(ExoOperation *operation, const char *line)
{
    ExoError *error = NULL;
    ExoStatus status = exo_relay_write(operation, (const uint8_t *)line, strlen(line), &error);
    if (status != EXO_STATUS_OK) {
        fail_with("a line", status, error);
    }
}

/* Waits for an event of this kind, and for a line for this one when it is not NULL. 0: the relay ended before. */
static int wait_for(ExoOperation *operation, uint32_t kind, const char *line)
{
    for (;;) {
        ExoEvent *event = NULL;
        ExoError *error = NULL;
        ExoText text;
        int is_it;
        ExoStatus status = exo_operation_next(operation, EXO_WAIT_FOREVER, &event, &error);
        if (status == EXO_STATUS_END) {
            return 0;
        }
        if (status != EXO_STATUS_OK) {
            fail_with("the next event", status, error);
        }
        is_it = exo_event_kind(event) == kind;
        if (is_it && line != NULL) {
            if (exo_event_text(event, &text) != EXO_STATUS_OK) {
                fail("a line has no text");
            }
            is_it = text.len == strlen(line) && memcmp(text.ptr, line, text.len) == 0;
        }
        exo_event_free(event);
        if (is_it) {
            return 1;
        }
    }
}

/* Ends the session; nothing comes after the answer, and what is written then is for nobody. */
static void close_relay(ExoOperation *operation)
{
    write_line(operation, CLOSE);
    if (!wait_for(operation, EXO_EVENT_LINE, CLOSE_ACK)) {
        fail("a close is not answered");
    }
    if (wait_for(operation, EXO_EVENT_LINE, NULL)) {
        fail("something follows the answer of a close");
    }
    write_line(operation, CLOSE);
    exo_operation_free(operation);
}

int main(void)
{
    static const char hello[] = "hello";
    ExoOperation *operation = start(variable("EXO_LAB_PASSWORD"));
    ExoError *error = NULL;

    if (exo_relay_write(operation, (const uint8_t *)hello, strlen(hello), &error) != EXO_STATUS_PROTOCOL) {
        fail("what is no line is taken for one");
    }
    exo_error_free(error);
    if (exo_relay_write(NULL, (const uint8_t *)hello, strlen(hello), NULL) != EXO_STATUS_NULL) {
        fail("NULL is taken for a relay");
    }
    if (exo_relay(NULL, 0, NULL, 0, NULL, NULL) != EXO_STATUS_NULL) {
        fail("a relay is made for nobody");
    }

    write_line(operation, variable("RELAY_OPENING"));
    if (!wait_for(operation, EXO_EVENT_LINE, DATA_ACK)) {
        fail("the server does not take the session");
    }
    close_relay(operation);

    operation = start("not the password");
    write_line(operation, variable("RELAY_OPENING"));
    if (!wait_for(operation, EXO_EVENT_BROKEN, NULL)) {
        fail("a wrong password breaks nothing");
    }
    close_relay(operation);

    /* Freed without a close: the session is deleted in the background, and the end of the threads waits for that. */
    operation = start(variable("EXO_LAB_PASSWORD"));
    write_line(operation, variable("RELAY_OPENING"));
    if (!wait_for(operation, EXO_EVENT_LINE, DATA_ACK)) {
        fail("the server does not take a second session");
    }
    exo_operation_free(operation);

    if (exo_shutdown(10000, &error) != EXO_STATUS_OK) {
        fail("the library does not end");
    }
    printf("relay: all well\n");
    return 0;
}
