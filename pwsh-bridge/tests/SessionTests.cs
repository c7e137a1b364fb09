using System;
using System.Collections.Generic;
using System.Text.Json;

using ExchangeOnlineManagement.Native;

using Xunit;

namespace ExchangeOnlineManagement.Tests;

/// <summary>
/// A whole round through the native library. The test that starts the stand-in tenant gives its address as EXO_LAB_*;
/// without it there is nothing to talk to and these tests do nothing.
/// </summary>
public class SessionTests
{
    [Fact]
    public void Connect_run_disconnect()
    {
        if (Lab("URL") is null)
        {
            return;
        }
        using NativeSession session = Connect(Lab("PASSWORD")!);
        using (JsonDocument info = JsonDocument.Parse(session.InfoJson()))
        {
            Assert.Equal("psrp", info.RootElement.GetProperty("carrier").GetString());
        }
        List<Tape> rows = Run(session, "Get-AcceptedDomain", out FinishedState state);
        Assert.Equal(FinishedState.Completed, state);
        Assert.NotEmpty(rows);
        foreach (Tape row in rows)
        {
            Assert.NotNull(row[0].Member("DomainName"));
            Assert.Same(rows[0].Names, row.Names);
        }
        Assert.Contains("Get-AcceptedDomain", CommandNames(session));
        session.Close(30_000);
        var error = Assert.Throws<ExoException>(() => session.Invoke("Get-AcceptedDomain", default, 0));
        Assert.Equal(ExoStatus.Closed, error.Status);
    }

    [Fact]
    public void A_wrong_password_is_told_as_such()
    {
        if (Lab("URL") is null)
        {
            return;
        }
        var error = Assert.Throws<ExoException>(() => Connect("wrong").Dispose());
        Assert.Equal(ExoStatus.Authentication, error.Status);
        Assert.Equal("AuthenticationError", error.Category);
        Assert.Equal("signIn", error.Step);
    }

    [Fact]
    public void A_cancelled_command_stops_and_the_session_goes_on()
    {
        if (Lab("URL") is null)
        {
            return;
        }
        using NativeSession session = Connect(Lab("PASSWORD")!);
        FinishedState state = default;
        using (NativeOperation operation =
            session.Invoke("Get-Mailbox", "<Obj RefId=\"0\"><MS><S N=\"ResultSize\">Unlimited</S></MS></Obj>"u8, 0))
        {
            while (operation.TryNext(NativeMethods.WaitForever, out NativeEvent? next))
            {
                using (next)
                {
                    if (next!.Kind == EventKind.Finished)
                    {
                        state = next.State;
                    }
                }
                operation.Cancel();
            }
        }
        Assert.Equal(FinishedState.Stopped, state);
        Assert.NotEmpty(Run(session, "Get-AcceptedDomain", out _));
        session.Close(30_000);
    }

    private static NativeSession Connect(string password)
    {
        using var secrets = new NativeSecrets();
        secrets.Add("password", password);
        string options = JsonSerializer.Serialize(new Dictionary<string, string?>
        {
            ["connectionUri"] = Lab("URL"),
            ["authority"] = Lab("AUTHORITY"),
            ["user"] = Lab("USER"),
            ["caFile"] = Lab("CA_FILE"),
        });
        using NativeOperation operation = NativeSession.Connect(options, secrets);
        NativeSession? session = null;
        while (operation.TryNext(NativeMethods.WaitForever, out NativeEvent? next))
        {
            using (next)
            {
                if (next!.Kind == EventKind.Connected)
                {
                    session = next.TakeSession();
                }
            }
        }
        return session ?? throw new InvalidOperationException("Connecting ended without a session.");
    }

    private static List<Tape> Run(NativeSession session, string command, out FinishedState state)
    {
        var rows = new List<Tape>();
        state = default;
        using NativeOperation operation = session.Invoke(command, default, 0);
        while (operation.TryNext(NativeMethods.WaitForever, out NativeEvent? next))
        {
            using (next)
            {
                switch (next!.Kind)
                {
                    case EventKind.Output:
                        rows.Add(next.CopyTape());
                        break;
                    case EventKind.Finished:
                        state = next.State;
                        break;
                }
            }
        }
        return rows;
    }

    private static List<string?> CommandNames(NativeSession session)
    {
        var names = new List<string?>();
        using NativeOperation operation = session.Commands("");
        while (operation.TryNext(NativeMethods.WaitForever, out NativeEvent? next))
        {
            using (next)
            {
                if (next!.Kind != EventKind.Commands)
                {
                    continue;
                }
                using JsonDocument commands = JsonDocument.Parse(next.Json);
                foreach (JsonElement command in commands.RootElement.EnumerateArray())
                {
                    names.Add(command.GetProperty("name").GetString());
                }
            }
        }
        return names;
    }

    private static string? Lab(string name) => Environment.GetEnvironmentVariable("EXO_LAB_" + name);
}
