"""pypsrp as the client of an endpoint: what it sees, as one line of JSON.

    pypsrp_client.py URL CA_FILE [--configuration NAME] [--max-envelope-len N] [--auth basic|kerberos|negotiate] < REQUEST

With the latter two, messages over http:// are sealed; without a password the tickets of the cache are used.

REQUEST is JSON: {"user", "password", "commands": [{"name", "parameters", "secrets", "input"}…]}. Each command
runs in a pipeline of its own, all in one runspace pool. Secrets are parameters that become SecureStrings.
With "pool": true a second pool does what there is to do with pools, and the report has "pool".
"""

import argparse
import json
import os
import sys
import urllib.parse

from pypsrp.complex_objects import GenericComplexObject, ObjectMeta, PSInvocationState, RunspacePoolState
from pypsrp.exceptions import InvalidPSRPOperation, WinRMError
from pypsrp.host import PSHost, PSHostUserInterface
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan


def seen(value):
    """A value as JSON; an object as its type names and members."""
    if isinstance(value, GenericComplexObject):
        members = {**value.adapted_properties, **value.extended_properties}
        if len(value.property_sets) == 1 and not members:
            return seen(value.property_sets[0])  # a list with type names, which pypsrp leaves as XML text
        if not members and value.to_string is not None:
            return value.to_string
        return {"types": value.types, "members": {name: seen(member) for name, member in members.items()}}
    if isinstance(value, dict):
        return {str(seen(key)): seen(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [seen(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def run(pool, command):
    shell = PowerShell(pool)
    shell.add_cmdlet(command["name"])
    for name, value in command.get("parameters", {}).items():
        shell.add_parameter(name, value)
    for name, value in command.get("secrets", {}).items():
        pool.exchange_keys()
        shell.add_parameter(name, pool.serialize(value, ObjectMeta("SS")))
    report = {"name": command["name"]}
    try:
        report["output"] = [seen(value) for value in shell.invoke(command.get("input"))]
    except WinRMError as error:
        report["failure"] = str(error)
    report["had_errors"] = shell.had_errors
    report["errors"] = [
        {"text": str(record), "id": record.fq_error, "target": seen(record.target_object), "category": record.category}
        for record in shell.streams.error
    ]
    for name in ("warning", "verbose", "debug"):
        report[name] = [record.message for record in getattr(shell.streams, name)]
    report["information"] = [str(seen(record.message_data)) for record in shell.streams.information]
    report["progress"] = [record.activity for record in shell.streams.progress]
    return report


class Person(PSHostUserInterface):
    """Takes the first choice."""

    def __init__(self):
        super().__init__(raw_ui=None)
        self.asked = []

    def PromptForChoice(self, runspace, pipeline, caption, message, choices, default_choice):
        self.asked.append([caption, message, len(choices), default_choice])
        return 0


def all_mailboxes(pool):
    shell = PowerShell(pool)
    shell.add_cmdlet("Get-Mailbox").add_parameter("ResultSize", "Unlimited")
    return shell


def use_pool(connect, configuration):
    """What can be done with a pool beside running commands; `connect` gives a new connection."""
    report = {}
    person = Person()
    host = PSHost(None, None, False, "peer", None, person, "1.0")
    first, second = connect(), connect()
    with first, second:
        pool = RunspacePool(first, configuration_name=configuration, host=host)
        pool.open()
        report["private_data"] = pool.application_private_data is not None
        pool.max_runspaces = 5
        report["max"] = pool.max_runspaces
        try:
            pool.max_runspaces = 100
        except InvalidPSRPOperation as error:
            report["refused"] = str(error)
        report["available"] = pool.get_available_runspaces()
        report["metadata"] = sorted(command.name for command in pool.get_command_metadata("Get-Mail*"))
        pool.reset_runspace_state()
        report["alive"] = pool.is_alive(timeout=60)

        stopped = PowerShell(pool)
        stopped.add_cmdlet("Test-Mailflow")
        stopped.begin_invoke()
        stopped.stop()
        report["stopped"] = stopped.state == PSInvocationState.STOPPED
        stopped.close()

        asked = PowerShell(pool)
        asked.add_cmdlet("Remove-Mailbox").add_parameter("Identity", "user00004")
        asked.invoke()
        report["asked"] = [person.asked, asked.had_errors]

        # The same client leaves and comes back, with a command under way.
        shell = all_mailboxes(pool)
        shell.begin_invoke()
        pool.disconnect()
        pool.connect()
        report["reconnected"] = len(shell.connect())

        # Another client finds the pool and its command.
        shell = all_mailboxes(pool)
        shell.begin_invoke()
        pool.disconnect()
        found = [other for other in RunspacePool.get_runspace_pools(second) if other.id == pool.id]
        report["found"] = len(found)
        found[0].connect()
        report["opened"] = found[0].state == RunspacePoolState.OPENED
        report["connected"] = [len(other.connect()) for other in found[0].create_disconnected_power_shells()]
        found[0].close()
        report["dead"] = not pool.is_alive(timeout=60)
    return report


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("ca_file")
    parser.add_argument("--configuration", default="Microsoft.Exchange")
    parser.add_argument("--max-envelope-len", type=int, default=153_600)
    parser.add_argument("--auth", default="basic")
    options = parser.parse_args()
    request = json.load(sys.stdin)
    url = urllib.parse.urlsplit(options.url)
    os.environ["REQUESTS_CA_BUNDLE"] = options.ca_file
    if options.auth == "basic":
        # As bytes, since requests would write text as Latin-1.
        user, password = request["user"].encode(), request["password"].encode()
        credentials = {"username": user, "password": password, "encryption": "never"}
    else:
        credentials = {"username": request["user"], "password": request["password"], "negotiate_service": "HTTP"}

    def connect():
        return WSMan(
            url.hostname,
            port=url.port,
            path=url.path.removeprefix("/"),
            **credentials,
            ssl=url.scheme == "https",
            auth=options.auth,
            no_proxy=True,
            max_envelope_size=options.max_envelope_len,
        )

    connection = connect()
    with connection, RunspacePool(connection, configuration_name=options.configuration) as pool:
        report = {"commands": [run(pool, command) for command in request["commands"]]}
    if request.get("pool"):
        report["pool"] = use_pool(connect, options.configuration)
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main()
