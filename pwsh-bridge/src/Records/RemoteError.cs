using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Remoting;
using System.Runtime.Serialization;

using ExchangeOnlineManagement.Native;

namespace ExchangeOnlineManagement.Records;

/// <summary>
/// An error that a command on the server reported, with the identifier, category and text it has there.
/// </summary>
internal sealed class RemoteError : ErrorRecord
{
    /// <summary>Reads a record of the error stream, or the reason for which a command ended.</summary>
    internal static ErrorRecord Of(Tape tape)
    {
        TapeValue top = StreamRecords.Top(tape);
        if (top.Member("ExceptionAsErrorRecord") is { } reason)
        {
            top = reason.Resolve();
        }
        ErrorRecord record;
        try
        {
            // The copy is an ordinary record: scripts ask for the type.
            record = new ErrorRecord(new RemoteError(Describe(tape, top)), null);
        }
        catch (PSRemotingDataStructureException)
        {
            return Incomplete(top);
        }
        AddData(record, top);
        if (StreamRecords.Text(top, "ErrorDetails_Message") is { Length: not 0 } message)
        {
            record.ErrorDetails = new ErrorDetails(message)
            {
                RecommendedAction = StreamRecords.Text(top, "ErrorDetails_RecommendedAction") ?? string.Empty,
            };
        }
        return record;
    }

    /// <summary>What the exception over there had in its data: over REST the service's own exception, as JSON.</summary>
    private static void AddData(ErrorRecord record, TapeValue top)
    {
        if (top.Member("Exception")?.Resolve().Member("Data")?.Resolve() is not { } data)
        {
            return;
        }
        foreach (TapeValue entry in data.Entries)
        {
            (TapeValue key, TapeValue value) = entry.KeyAndValue;
            if (key.Kind == NodeKind.String && value.Kind == NodeKind.String)
            {
                record.Exception.Data[key.Text] = key.Text == ServiceException ? s_fromJson.InvokeReturnAsIs(value.Text) : value.Text;
            }
        }
    }

    // PowerShell keeps a foreign FullyQualifiedErrorId as it is only in records made from their serialized form.
#pragma warning disable SYSLIB0050, SYSLIB0051 // The parameters of that constructor.
    private RemoteError(SerializationInfo info)
        : base(info, new StreamingContext(StreamingContextStates.Remoting))
    {
    }

    private static SerializationInfo Describe(Tape tape, TapeValue top)
    {
        // That constructor finds adapted members only, where the wire has extended ones.
        var document = new Document(tape);
        IEnumerable<TapeValue> members = top.Members.Any() ? top.Members : top.Props;
        PSObject adapted = Skeleton.WithMembers(document.TypeNames(top), kind: null, members);
        foreach (TapeValue member in members)
        {
            // With the call as the server saw it the constructor fails in this form; the record has the call of the proxy.
            adapted.Properties[member.Name].Value = member.Name == HasCall ? false : document.Value(member);
        }
        var info = new SerializationInfo(typeof(RemoteError), new FormatterConverter());
        info.AddValue("CliXml", PSSerializer.Serialize(adapted, Depth));
        return info;
    }
#pragma warning restore SYSLIB0050, SYSLIB0051

    /// <summary>For a record that lacks something PowerShell wants.</summary>
    private static ErrorRecord Incomplete(TapeValue top)
    {
        string message = top.Member("Exception")?.Resolve() is { } exception && StreamRecords.Text(exception, "Message") is { } text
            ? text
            : top.DisplayText ?? "The command failed on the server, which gave no reason.";
        string id = StreamRecords.Text(top, "FullyQualifiedErrorId") ?? "ExoRemoteFailure";
        return new ErrorRecord(new RemoteException(message), id, ErrorCategory.NotSpecified, null);
    }

    /// <summary>Whether a record carries the call that it comes from.</summary>
    private const string HasCall = "SerializeExtendedInfo";

    /// <summary>The key by which scripts find the exception of the service.</summary>
    private const string ServiceException = "RemoteException";

    private static readonly ScriptBlock s_fromJson =
        ScriptBlock.Create("param($Text) Microsoft.PowerShell.Utility\\ConvertFrom-Json -InputObject $Text");

    /// <summary>Deep enough for an exception with its inner ones.</summary>
    private const int Depth = 10;
}
