"""A remote PowerShell endpoint made of psrpcore's server half and WSMan over HTTPS.

It is the second opinion for this project's client: nothing here shares a line with it. What it refuses, it
refuses with a fault and a line on stderr.

    psrpcore_server.py --folder DIR --user NAME --password TEXT [--fragment-len N] [--configuration NAME]
                       [--tickets kerberos|negotiate]

With --tickets it speaks plain http, lets in whoever has a Kerberos ticket for the keys in $KRB5_KTNAME, and takes and gives
sealed messages only; pyspnego and pypsrp see to that.

writes its certificate authority to DIR/ca.pem, prints one line "URL https://localhost:PORT/powershell", and then
answers lines on stdin until that ends:

    shells    ->  "shells LIVE TOTAL"
"""

import argparse
import base64
import collections
import datetime
import http.server
import ipaddress
import json
import pathlib
import re
import ssl
import sys
import threading
import traceback
import uuid
from xml.etree import ElementTree

import psrpcore
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from psrpcore.types import (
    ChoiceDescription,
    CommandMetadataCount,
    ErrorCategory,
    ErrorCategoryInfo,
    ErrorRecord,
    FieldDescription,
    NETException,
    ProgressRecordType,
    PSCustomObject,
    PSDateTime,
    PSDict,
    PSGuid,
    PSInt64,
    PSInvocationState,
    PSList,
    PSRPMessageType,
    PSSecureString,
    PSVersion,
)

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
POWERSHELL = "http://schemas.microsoft.com/powershell"
FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
MICROSOFT = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
NAMES = {"s": SOAP, "a": ADDRESSING, "w": WSMAN, "rsp": SHELL, "ps": POWERSHELL, "p": MICROSOFT}

# What an envelope needs beside its base64 text; generous.
ENVELOPE_FRAME_LEN = 2_048


# What happens to a Receive that waits for nothing, whose shell ends, or that comes after: no cause for complaint.
EXPECTED_FAULTS = (2150858793, 995, 2150858843)


class WSManFault(Exception):
    """A fault to answer with."""

    def __init__(self, code, subcode, text, sender=True):
        super().__init__(text)
        self.code, self.subcode, self.text, self.sender = code, subcode, text, sender


def timed_out():
    return WSManFault(2150858793, "TimedOut", "The operation timed out.", sender=False)


def not_found(what):
    return WSManFault(2150858843, "InvalidSelectors", f"There is no {what}.")


def aborted():
    return WSManFault(995, "InternalError", "The I/O operation has been aborted.", sender=False)


class Shell:
    """One runspace pool and its commands. Everything happens under `changed`."""

    def __init__(self, shell_id, fragment_len):
        self.shell_id = shell_id
        self.fragment_len = fragment_len
        self.pool = psrpcore.ServerRunspacePool()
        self.changed = threading.Condition()
        self.out = collections.deque()
        self.commands = {}
        self.closed = False
        self.is_keyed = False
        # The session id of its client, and of whoever makes the present request.
        self.client = None
        self.asker = None
        self.left = False

    def receive(self, data, command_id):
        """Takes whole fragments from the client and acts on every message they complete."""
        stream = psrpcore.StreamType.default
        self.pool.receive_data(psrpcore.PSRPPayload(data, stream, command_id))
        while (event := self.pool.next_event()) is not None:
            command = self.commands.get(event.pipeline_id)
            if isinstance(event, (psrpcore.CreatePipelineEvent, psrpcore.GetCommandMetadataEvent)):
                if command is None or event.pipeline_id != command_id:
                    raise WSManFault(87, "InvalidParameter", "A pipeline's id is not its command's id.")
                command.begin()
            elif isinstance(event, psrpcore.PipelineHostResponseEvent):
                command.answers[event.ci] = (event.result, event.error)
            elif isinstance(event, psrpcore.PublicKeyEvent):
                self.is_keyed = True
            elif isinstance(event, psrpcore.PipelineInputEvent):
                command.input.append(event.data)
            elif isinstance(event, psrpcore.EndOfPipelineInputEvent):
                command.input_ended = True
            elif isinstance(event, psrpcore.SetMaxRunspacesEvent):
                self.pool.runspace_availability_response(event.ci, 1 <= event.count <= MAX_RUNSPACES)
            elif isinstance(event, psrpcore.SetMinRunspacesEvent):
                self.pool.runspace_availability_response(event.ci, 1 <= event.count <= self.pool.max_runspaces)
            elif isinstance(event, psrpcore.ResetRunspaceStateEvent):
                self.pool.runspace_availability_response(event.ci, True)
            elif isinstance(event, psrpcore.GetAvailableRunspacesEvent):
                running = sum(not command.ended for command in self.commands.values())
                self.pool.runspace_availability_response(event.ci, self.pool.max_runspaces - running)
        self.pump()

    def pump(self):
        """Moves what the pool wants to say to where a Receive finds it."""
        while (payload := self.pool.data_to_send(self.fragment_len)) is not None:
            if payload.pipeline_id is None:
                self.out.append(payload.data)
            elif payload.pipeline_id in self.commands:
                self.commands[payload.pipeline_id].out.append(payload.data)
        self.changed.notify_all()

    def close(self):
        self.closed = True
        self.commands.clear()
        self.changed.notify_all()


class Command:
    """A pipeline and the thread that runs it."""

    def __init__(self, shell, command_id):
        self.shell = shell
        self.command_id = command_id
        self.pipeline = psrpcore.ServerPipeline(shell.pool, command_id)
        self.out = collections.deque()
        self.input = collections.deque()
        self.input_ended = False
        self.answers = {}
        self.ended = False
        self.stopped = False

    def begin(self):
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with self.shell.changed:
            self.pipeline.start()
            try:
                metadata = self.pipeline.metadata
                if isinstance(metadata, psrpcore.GetMetadata):
                    list_commands(self, metadata)
                else:
                    for command in metadata.commands:
                        if command.is_script or command.command_text not in CMDLETS:
                            raise LookupError(command.command_text)
                        CMDLETS[command.command_text](self, dict(command.parameters))
                self.pipeline.complete()
            except InterruptedError:
                self.pipeline.stop()
            except LookupError as error:
                self.fail(
                    f"The term '{error.args[0]}' is not recognized as the name of a cmdlet.",
                    "CommandNotFoundException",
                    ErrorCategory.ObjectNotFound,
                    error.args[0],
                )
            except Exception as error:  # whatever went wrong is for the client to see
                self.fail(str(error), "RuntimeException", ErrorCategory.NotSpecified, None)
            self.ended = True
            self.shell.pump()

    def fail(self, message, error_id, category, target):
        record = ErrorRecord(
            Exception=net_exception(message),
            CategoryInfo=ErrorCategoryInfo(Category=category, Reason=error_id),
            TargetObject=target,
            FullyQualifiedErrorId=error_id,
        )
        self.pipeline._change_state(PSInvocationState.Failed, error=record)

    def output(self, value):
        self.pipeline.write_output(value)
        self.shell.pump()

    def wait(self, is_ready):
        """Waits for the client while others may go on."""
        while not is_ready():
            if self.stopped or self.shell.closed:
                raise InterruptedError
            self.shell.changed.wait()


def net_exception(message):
    exception = NETException(Message=message, HResult=-2146233087)
    exception.PSObject.type_names = ["System.Management.Automation.RuntimeException", "System.Exception", "System.Object"]
    return exception


def get_mailbox(command, parameters):
    count = 5 if parameters.get("ResultSize") is None else int(parameters["ResultSize"])
    for number in range(count):
        name = f"user{number:04}"
        command.output(
            PSCustomObject(
                PSTypeName="Deserialized.Microsoft.Exchange.Data.Directory.Management.Mailbox",
                Identity=name,
                DisplayName=f"Ünïcode & <{name}>\r\n😀",
                ExchangeGuid=PSGuid(int=number),
                EmailAddresses=PSList([f"SMTP:{name}@contoso.example", f"smtp:alias.{name}@contoso.example"]),
                ItemCount=PSInt64(number * 10_000_000_000),
                HiddenFromAddressListsEnabled=number % 2 == 1,
                WhenCreated=PSDateTime(2026, 11, 21, 13, 5, number, tzinfo=datetime.timezone.utc),
                AdminDisplayVersion=PSVersion("15.20.4200.17"),
                Nothing=None,
            )
        )


def test_stream(command, _):
    pipeline = command.pipeline
    command.output("first")
    pipeline.write_error(
        net_exception("the object 'x' could not be found"),
        ErrorCategoryInfo(Category=ErrorCategory.ObjectNotFound, Activity="Test-Stream", Reason="NotFound"),
        target_object="x",
        fully_qualified_error_id="[Server=EX01]ABCDEF,Test-Stream",
    )
    pipeline.write_warning("a warning")
    pipeline.write_verbose("something verbose")
    pipeline.write_debug("something to debug")
    pipeline.write_information("some information", "source")
    pipeline.write_progress("working", 7, "half done", percent_complete=50, record_type=ProgressRecordType.Processing)
    command.output("last")


def show_parameter(command, parameters):
    """Says how each value arrived, as JSON text."""
    for name, value in parameters.items():
        command.output(json.dumps({"name": name, **described(value)}, sort_keys=True))


def described(value):
    if value is None:
        return {"type": "null"}
    names = getattr(getattr(value, "PSObject", None), "type_names", None)
    kind = names[0] if names else type(value).__name__
    if isinstance(value, PSSecureString):
        return {"type": kind, "value": str(value.decrypt())}
    if kind == "System.Management.Automation.PSCredential":
        return {"type": kind, "value": [described(value.UserName), described(value.Password)]}
    if isinstance(value, bool):
        return {"type": kind, "value": bool(value)}
    if isinstance(value, dict):
        return {"type": kind, "value": {str(key): described(item) for key, item in value.items()}}
    if isinstance(value, list):
        return {"type": kind, "value": [described(item) for item in value]}
    if isinstance(value, bytes):
        return {"type": kind, "value": base64.b64encode(value).decode()}
    if isinstance(value, float):
        return {"type": kind, "value": float(value)}
    if isinstance(value, int):
        return {"type": kind, "value": int(value)}
    return {"type": kind, "value": str(value)}


def show_secret(command, parameters):
    """A secure string that the client can read once it has asked for the session key."""
    command.shell.pool.request_key()
    command.shell.pump()
    command.wait(lambda: command.shell.is_keyed)
    command.output(PSSecureString(str(parameters["Text"])))


def ask_host(command, _):
    """Puts every kind of question to the client's host, and says what it heard."""
    host = psrpcore.ServerHostRequestor(command.pipeline)

    def ask(call_id):
        command.shell.pump()
        command.wait(lambda: call_id in command.answers)
        result, error = command.answers.pop(call_id)
        return {"error": str(error.Exception.Message)} if error else described(result)

    choices = [ChoiceDescription("&Yes", "do it"), ChoiceDescription("&No", "do not")]
    fields = [
        FieldDescription("Name", Label="&Name", ParameterTypeName="String", ParameterTypeFullName="System.String"),
        FieldDescription(
            "Secret", ParameterTypeName="SecureString", ParameterTypeFullName="System.Security.SecureString"
        ),
    ]
    answers = [
        ask(host.prompt_for_choice("caption", "message", choices, 1)),
        ask(host.read_line()),
        ask(host.read_line_as_secure_string()),
        ask(host.prompt_for_credential("caption", "message", "ana", "target")),
        ask(host.prompt("caption", "message", fields)),
        ask(host.get_name()),
    ]
    for answer in answers:
        command.output(json.dumps(answer, sort_keys=True))


def get_blob(command, parameters):
    """Output that needs many fragments and many envelopes."""
    for number in range(int(parameters["Count"])):
        command.output(f"{number}:" + "x" * int(parameters["Length"]))


def measure_input(command, _):
    seen = 0
    while True:
        command.wait(lambda: command.input or command.input_ended)
        if not command.input:
            break
        command.output(command.input.popleft())
        seen += 1
    command.output(seen)


def ask_each(command, _):
    """Each value of the input with what the client's host says to it."""
    host = psrpcore.ServerHostRequestor(command.pipeline)
    while True:
        command.wait(lambda: command.input or command.input_ended)
        if not command.input:
            break
        value = command.input.popleft()
        call_id = host.read_line()
        command.shell.pump()
        command.wait(lambda: call_id in command.answers)
        answer, _ = command.answers.pop(call_id)
        command.output(f"{value} {answer}")


def show_arguments(command, _):
    """The client's application arguments, as JSON text."""
    arguments = command.shell.pool.application_arguments
    shown = {str(name): described(value) for name, value in arguments.items()}
    command.output(json.dumps(shown, sort_keys=True))


def send_event(command, _):
    command.shell.pool.send_event(7, "Peer.Event", message_data="hello")
    command.output("sent")


def count_slowly(command, parameters):
    """Numbers, each after the client has asked for those before it or has left."""
    for number in range(int(parameters["Count"])):
        command.output(str(number))
        command.wait(lambda: len(command.out) < 3 or command.shell.left)


def wait_signal(command, _):
    command.output("waiting")
    command.wait(lambda: False)


def stop_all(_command, _parameters):
    raise RuntimeError("it cannot go on")


MAX_RUNSPACES = 5
CMDLETS = {
    "Ask-Each": ask_each,
    "Ask-Host": ask_host,
    "Count-Slowly": count_slowly,
    "Get-Mailbox": get_mailbox,
    "Get-Blob": get_blob,
    "Measure-Input": measure_input,
    "Send-Event": send_event,
    "Show-Arguments": show_arguments,
    "Show-Parameter": show_parameter,
    "Show-Secret": show_secret,
    "Stop-All": stop_all,
    "Test-Stream": test_stream,
    "Wait-Signal": wait_signal,
}
PARAMETERS = {
    "Get-Mailbox": {"Identity": "System.String", "ResultSize": "System.Object"},
    "Get-Blob": {"Count": "System.Int32", "Length": "System.Int32"},
}


def list_commands(command, metadata):
    """The answer to GET_COMMAND_METADATA: how many there are, then each."""
    patterns = [re.escape(name).replace(r"\*", ".*").replace(r"\?", ".") for name in metadata.name or ["*"]]
    names = [
        name
        for name in sorted(CMDLETS)
        if any(re.fullmatch(pattern, name, re.IGNORECASE) for pattern in patterns)
    ]
    command.pipeline.prepare_message(CommandMetadataCount(Count=len(names)), message_type=PSRPMessageType.PipelineOutput)
    for name in names:
        parameters = PSDict(
            {
                parameter: PSCustomObject(
                    PSTypeName="System.Management.Automation.ParameterMetadata",
                    Name=parameter,
                    ParameterType=kind,
                    Aliases=PSList([]),
                    IsDynamic=False,
                    SwitchParameter=False,
                )
                for parameter, kind in PARAMETERS.get(name, {}).items()
            }
        )
        command.output(
            PSCustomObject(
                PSTypeName="Selected.System.Management.Automation.CmdletInfo",
                Name=name,
                Namespace="Peer",
                HelpUri="",
                CommandType=8,
                ResolvedCommandName=None,
                OutputType=PSList([]),
                Parameters=parameters,
            )
        )


class Service:
    """All shells, and what to do for each action."""

    def __init__(self, options):
        self.resource_uri = f"{POWERSHELL}/{options.configuration}"
        self.fragment_len = options.fragment_len
        self.shells = {}
        self.total = 0
        self.seen = set()
        self.lock = threading.Lock()

    def answer(self, request):
        """The action and the body of the answer to an envelope."""
        header = request.find("s:Header", NAMES)
        body = request.find("s:Body", NAMES)
        action = header.findtext("a:Action", "", NAMES)
        message_id = header.findtext("a:MessageID", "", NAMES)
        with self.lock:
            if not re.fullmatch(r"uuid:[0-9A-Fa-f-]{36}", message_id) or message_id in self.seen:
                raise WSManFault(87, "InvalidMessageInformationHeader", "The MessageID is no UUID or was used before.")
            self.seen.add(message_id)
        if header.findtext("w:ResourceURI", "", NAMES) != self.resource_uri:
            raise WSManFault(2150858811, "DestinationUnreachable", "There is no such resource.")
        timeout = re.fullmatch(r"PT(\d+(?:\.\d+)?)S", header.findtext("w:OperationTimeout", "", NAMES))
        timeout = float(timeout.group(1)) if timeout else 60.0
        max_envelope_len = int(header.findtext("w:MaxEnvelopeSize", "153600", NAMES))
        asker = header.findtext("p:SessionId", "", NAMES)
        if action == f"{TRANSFER}/Create":
            return f"{action}Response", self.create(header, body, max_envelope_len, asker)
        shell_id = header.findtext("w:SelectorSet/w:Selector[@Name='ShellId']", "", NAMES)
        with self.lock:
            shell = self.shells.get(shell_id)
        if shell is None:
            raise not_found("shell of this name")
        with shell.changed:
            if action == f"{TRANSFER}/Delete":
                with self.lock:
                    self.shells.pop(shell_id, None)
                shell.close()
                return f"{action}Response", ""
            shell.asker = asker
            operation = OPERATIONS.get(action.removeprefix(f"{SHELL}/"))
            if operation is None:
                raise WSManFault(2150858753, "ActionNotSupported", f"{action} is not supported.")
            return f"{action}Response", operation(shell, body, timeout)

    def create(self, header, body, max_envelope_len, asker):
        version = header.find("w:OptionSet/w:Option[@Name='protocolversion']", NAMES)
        if version is None:
            raise WSManFault(87, "InvalidOptions", "The option protocolversion is missing.")
        element = body.find("rsp:Shell", NAMES)
        shell_id = element.get("ShellId") or str(uuid.uuid4()).upper()
        room = (max_envelope_len - ENVELOPE_FRAME_LEN) // 4 * 3
        shell = Shell(shell_id, min(self.fragment_len, room))
        shell.client = asker
        with shell.changed:
            shell.receive(decoded(element.find("ps:creationXml", NAMES)), None)
        with self.lock:
            if shell_id in self.shells:
                raise WSManFault(2150858835, "AlreadyExists", "The shell exists.")
            self.shells[shell_id] = shell
            self.total += 1
        return (
            f'<x:ResourceCreated xmlns:x="{TRANSFER}"><a:Address>https://localhost/powershell</a:Address>'
            f"<a:ReferenceParameters><w:ResourceURI>{self.resource_uri}</w:ResourceURI><w:SelectorSet>"
            f'<w:Selector Name="ShellId">{shell_id}</w:Selector></w:SelectorSet></a:ReferenceParameters>'
            f"</x:ResourceCreated><rsp:Shell><rsp:ShellId>{shell_id}</rsp:ShellId>"
            f"<rsp:IdleTimeOut>PT900.000S</rsp:IdleTimeOut></rsp:Shell>"
        )


def command(shell, body, _timeout):
    line = body.find("rsp:CommandLine", NAMES)
    command_id = uuid.UUID(line.get("CommandId"))
    shell.commands[command_id] = Command(shell, command_id)
    shell.receive(decoded(line.find("rsp:Arguments", NAMES)), command_id)
    return f"<rsp:CommandResponse><rsp:CommandId>{str(command_id).upper()}</rsp:CommandId></rsp:CommandResponse>"


def send(shell, body, _timeout):
    for stream in body.iterfind("rsp:Send/rsp:Stream", NAMES):
        if stream.get("Name") not in ("stdin", "pr"):
            raise WSManFault(87, "InvalidParameter", "There is no such input stream.")
        command_id = stream.get("CommandId") and uuid.UUID(stream.get("CommandId"))
        if command_id and command_id not in shell.commands:
            raise not_found("command of this name")
        shell.receive(decoded(stream), command_id)
    return "<rsp:SendResponse/>"


def receive(shell, body, timeout):
    desired = body.find("rsp:Receive/rsp:DesiredStream", NAMES)
    if desired.text != "stdout":
        raise WSManFault(87, "InvalidParameter", "There is no such output stream.")
    if shell.left:
        raise aborted()
    if not desired.get("CommandId"):
        while not shell.out:
            if shell.closed or shell.left:
                raise aborted()
            if not shell.changed.wait(timeout):
                raise timed_out()
        return f"<rsp:ReceiveResponse>{stream_of(shell.out.popleft(), '')}</rsp:ReceiveResponse>"
    command_id = uuid.UUID(desired.get("CommandId"))
    attribute = f' CommandId="{str(command_id).upper()}"'
    waiting = shell.commands.get(command_id)
    if waiting is None:
        raise not_found("command of this name")
    while not waiting.out and not waiting.ended:
        if not shell.changed.wait(timeout):
            raise timed_out()
        if shell.closed or shell.left or command_id not in shell.commands:
            raise aborted()
    shell.changed.notify_all()
    streams = stream_of(waiting.out.popleft(), attribute) if waiting.out else ""
    state = "Running"
    if waiting.ended and not waiting.out:
        state = "Done"
        del shell.commands[command_id]
    return (
        f'<rsp:ReceiveResponse>{streams}<rsp:CommandState{attribute} State="{SHELL}/CommandState/{state}">'
        f"{'<rsp:ExitCode>0</rsp:ExitCode>' if state == 'Done' else ''}</rsp:CommandState></rsp:ReceiveResponse>"
    )


def signal(shell, body, _timeout):
    element = body.find("rsp:Signal", NAMES)
    command_id = uuid.UUID(element.get("CommandId"))
    code = element.findtext("rsp:Code", "", NAMES)
    if code == "powershell/signal/crtl_c":
        stopping = shell.commands.get(command_id)
        if stopping is None:
            raise not_found("command of this name")
        stopping.stopped = True
    elif code == f"{SHELL}/signal/terminate":
        shell.commands.pop(command_id, None)
    else:
        raise WSManFault(87, "InvalidParameter", "There is no such signal.")
    shell.changed.notify_all()
    return "<rsp:SignalResponse/>"


def disconnect(shell, _body, _timeout):
    shell.pool.disconnect()
    shell.left = True
    shell.changed.notify_all()
    return ""


def named_command(shell, element):
    """The command that a Reconnect or Connect names, if it does; only the shell's client may."""
    if element is None or not element.get("CommandId"):
        return None
    command_id = uuid.UUID(element.get("CommandId"))
    if shell.asker != shell.client or command_id not in shell.commands:
        raise not_found("command of this name")
    return command_id


def reconnect(shell, body, _timeout):
    if named_command(shell, body.find("rsp:Reconnect", NAMES)) is None:
        if shell.asker != shell.client:
            raise WSManFault(2150859194, "InternalError", "The shell belongs to another client.", sender=False)
        shell.pool.reconnect()
        # That is for a client which had been told that it was disconnected.
        shell.pump()
        shell.left = False
    return ""


def connect(shell, body, _timeout):
    element = body.find("rsp:Connect", NAMES)
    if named_command(shell, element) is not None:
        return "<rsp:ConnectResponse/>"
    if not shell.left:
        raise WSManFault(2150859194, "InternalError", "The shell has its client.", sender=False)
    shell.client = shell.asker
    shell.left = False
    shell.pool.connect()
    # psrpcore leaves this out; Windows answers with it first.
    shell.pool.prepare_message(shell.pool.our_capability)
    shell.receive(decoded(element.find("ps:connectXml", NAMES)), None)
    told = base64.b64encode(b"".join(shell.out)).decode()
    shell.out.clear()
    return (
        f'<rsp:ConnectResponse><connectResponseXml xmlns="{POWERSHELL}">{told}</connectResponseXml>'
        f"</rsp:ConnectResponse>"
    )


OPERATIONS = {
    "Command": command,
    "Connect": connect,
    "Disconnect": disconnect,
    "Receive": receive,
    "Reconnect": reconnect,
    "Send": send,
    "Signal": signal,
}


def stream_of(data, attribute):
    return f'<rsp:Stream Name="stdout"{attribute}>{base64.b64encode(data).decode()}</rsp:Stream>'


def decoded(element):
    return base64.b64decode(element.text or "", validate=True)


def enveloped(action, relates_to, body):
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{SOAP}" xmlns:a="{ADDRESSING}" xmlns:w="{WSMAN}" xmlns:rsp="{SHELL}">'
        f"<s:Header><a:Action>{action}</a:Action><a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>"
        f"<a:To>{ADDRESSING}/role/anonymous</a:To><a:RelatesTo>{relates_to}</a:RelatesTo></s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def faulted(fault):
    return (
        f"<s:Fault><s:Code><s:Value>s:{'Sender' if fault.sender else 'Receiver'}</s:Value><s:Subcode><s:Value>"
        f'w:{fault.subcode}</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en-US">{fault.text}</s:Text>'
        f'</s:Reason><s:Detail><f:WSManFault xmlns:f="{FAULT}" Code="{fault.code}" Machine="localhost"><f:Message>'
        f"{fault.text}</f:Message></f:WSManFault></s:Detail></s:Fault>"
    )


class Handler(http.server.BaseHTTPRequestHandler):
    """HTTP as WinRM speaks it: Basic, a cookie that must come back, no chunked requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    service = None
    authorization = None
    cookie = f"MS-WSMAN={uuid.uuid4().hex}"

    def do_POST(self):
        length = self.headers.get("Content-Length")
        if length is None:
            self.close_connection = True
            self.reply(411, b"")
            return
        data = self.admitted(self.rfile.read(int(length)))
        if data is None:
            return
        relates_to = ""
        try:
            request = ElementTree.fromstring(data)
            relates_to = request.findtext("s:Header/a:MessageID", "", NAMES)
            action = request.findtext("s:Header/a:Action", "", NAMES)
            if not action.endswith(("/Create", "/Connect")) and self.cookie not in self.headers.get("Cookie", ""):
                raise WSManFault(2150858752, "DestinationUnreachable", "The affinity cookie did not come back.")
            if int(request.findtext("s:Header/w:MaxEnvelopeSize", "0", NAMES)) < len(data):
                raise WSManFault(2150858864, "EncodingLimit", "The envelope is longer than it says envelopes may be.")
            action, body = self.service.answer(request)
            status = 200
        except WSManFault as fault:
            action, body, status = f"{WSMAN.removesuffix('.xsd')}/fault", faulted(fault), 500
            if fault.code not in EXPECTED_FAULTS:
                print(f"fault {fault.code} {fault.subcode}: {fault.text}", file=sys.stderr, flush=True)
        except Exception:  # whatever the client sent that nobody foresaw
            traceback.print_exc()
            fault = WSManFault(87, "InternalError", "The request broke the server.", sender=False)
            action, body, status = f"{WSMAN.removesuffix('.xsd')}/fault", faulted(fault), 500
        self.answer(status, enveloped(action, relates_to, body))

    def admitted(self, data):
        """The envelope of a request that may be acted on; None when the request has been answered."""
        if self.headers.get("Authorization") != self.authorization:
            self.reply(401, b"", {"WWW-Authenticate": 'Basic realm="WSMAN"'})
            return None
        if not self.headers.get("Content-Type", "").lower().startswith("application/soap+xml"):
            self.reply(415, b"")
            return None
        return data

    def answer(self, status, envelope):
        headers = {"Content-Type": "application/soap+xml;charset=UTF-8", "Set-Cookie": f"{self.cookie}; path=/; secure"}
        self.reply(status, envelope, headers)

    def reply(self, status, body, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing to see; faults are printed where they are made."""


class TicketHandler(Handler):
    """The same for callers with tickets, over plain http. There is one of these for each connection, and so one sign-in."""

    scheme = None
    context = None

    def admitted(self, data):
        import spnego  # only where it was installed
        from pypsrp.encryption import WinRMEncryption

        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if token:
            if scheme.lower() != self.scheme or data:
                self.reply(401, b"", {"WWW-Authenticate": self.scheme.capitalize()})
                return None
            if self.context is None or self.context.complete:
                self.context = spnego.server(
                    hostname="localhost", service="HTTP", protocol=self.scheme, options=spnego.NegotiateOptions.wrapping_winrm
                )
            answer = self.context.step(base64.b64decode(token))
            proof = f"{self.scheme.capitalize()} {base64.b64encode(answer).decode()}" if answer else self.scheme.capitalize()
            self.reply(200 if self.context.complete else 401, b"", {"WWW-Authenticate": proof})
            return None
        if self.context is None or not self.context.complete:
            self.reply(401, b"", {"WWW-Authenticate": self.scheme.capitalize()})
            return None
        kind = WinRMEncryption.KERBEROS if self.scheme == "kerberos" else WinRMEncryption.SPNEGO
        expected = f'multipart/encrypted;protocol="{kind}";boundary="Encrypted Boundary"'
        if self.headers.get("Content-Type") != expected:
            self.reply(415, b"")
            return None
        self.sealing = WinRMEncryption(self.context, kind)
        return self.sealing.unwrap_message(data, "Encrypted Boundary")

    def answer(self, status, envelope):
        kind, sealed = self.sealing.wrap_message(envelope)
        kind = f'{kind};protocol="{self.sealing.protocol}";boundary="Encrypted Boundary"'
        # Exchange writes a blank that is not in the specification.
        sealed = sealed.replace(b"--Encrypted Boundary", b"-- Encrypted Boundary")
        self.reply(status, sealed, {"Content-Type": kind, "Set-Cookie": f"{self.cookie}; path=/"})


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Clients may leave at any moment."""


def make_certificates(folder):
    """A certificate authority that lives as long as the folder, and a certificate for this machine."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def build(subject, issuer, key, issuer_key, is_authority):
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
            )
        )
        if is_authority:
            usage = dict.fromkeys(
                ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
                 "decipher_only", "digital_signature"), False)
            builder = builder.add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True)
        else:
            names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        return builder.sign(issuer_key, hashes.SHA256())

    authority_key = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    authority = build("peer authority", "peer authority", authority_key, authority_key, True)
    leaf = build("localhost", "peer authority", key, authority_key, False)
    (folder / "ca.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    chain = folder / "server.pem"
    chain.touch(mode=0o600)
    chain.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + leaf.public_bytes(serialization.Encoding.PEM)
    )
    return chain


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--user", required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--configuration", default="Microsoft.Exchange")
    parser.add_argument("--fragment-len", type=int, default=32_768)
    parser.add_argument("--tickets", choices=["kerberos", "negotiate"])
    options = parser.parse_args()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(make_certificates(options.folder))
    Handler.service = Service(options)
    Handler.authorization = "Basic " + base64.b64encode(f"{options.user}:{options.password}".encode()).decode()
    TicketHandler.scheme = options.tickets
    server = Server(("127.0.0.1", 0), TicketHandler if options.tickets else Handler)
    if not options.tickets:
        # The handshake is left to the thread of the connection, so that a slow client blocks nobody.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"URL {'http' if options.tickets else 'https'}://localhost:{server.server_address[1]}/powershell", flush=True)
    for line in sys.stdin:
        if line.strip() == "shells":
            print(f"shells {len(Handler.service.shells)} {Handler.service.total}", flush=True)


if __name__ == "__main__":
    main()
