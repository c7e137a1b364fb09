using System.Management.Automation;
using System.Management.Automation.Remoting;
using System.Runtime.Serialization;

using ExchangeOnlineManagement.Native;

namespace ExchangeOnlineManagement.Records;

/// <summary>
/// An error that a command on the server reported, with the identifier, category and text it has there.
/// </summary>
public sealed class RemoteError : ErrorRecord
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
            record = new RemoteError(Describe(tape, top));
        }
        catch (PSRemotingDataStructureException)
        {
            return Incomplete(top);
        }
        if (StreamRecords.Text(top, "ErrorDetails_Message") is { Length: not 0 } message)
        {
            record.ErrorDetails = new ErrorDetails(message)
            {
                RecommendedAction = StreamRecords.Text(top, "ErrorDetails_RecommendedAction") ?? string.Empty,
            };
        }
        return record;
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
        TapeSiblings members = top.Members.IsEmpty ? top.Props : top.Members;
        PSObject adapted = Skeleton.WithMembers(document.TypeNames(top), kind: null, members);
        foreach (TapeValue member in members)
        {
            adapted.Properties[member.Name].Value = document.Value(member);
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

    /// <summary>Deep enough for an exception with its inner ones.</summary>
    private const int Depth = 10;
}
