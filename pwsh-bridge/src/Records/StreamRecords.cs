using System;
using System.Collections.Generic;
using System.Globalization;
using System.Management.Automation;

using ExchangeOnlineManagement.Native;

namespace ExchangeOnlineManagement.Records;

/// <summary>The records of the streams beside the output, as PowerShell has them.</summary>
internal static class StreamRecords
{
    /// <summary>The message of a warning, verbose or debug record.</summary>
    internal static string Message(Tape tape) => Text(Top(tape), "InformationalRecord_Message") ?? string.Empty;

    /// <summary>A record of the information stream.</summary>
    internal static InformationRecord Information(Tape tape)
    {
        TapeValue top = Top(tape);
        var document = new Document(tape);
        object? data = top.Member("MessageData") is { } message ? document.Value(message) : null;
        var record = new InformationRecord(data ?? string.Empty, Text(top, "Source") ?? string.Empty);
        if (top.Member("TimeGenerated")?.Resolve() is { Kind: NodeKind.DateTime } time)
        {
            record.TimeGenerated = (DateTime)time.ToPrimitive()!;
        }
        if (Text(top, "User") is { } user)
        {
            record.User = user;
        }
        if (Text(top, "Computer") is { } computer)
        {
            record.Computer = computer;
        }
        if (top.Member("Tags")?.Resolve() is { } tags)
        {
            foreach (TapeValue tag in tags.Items)
            {
                if (tag.Kind == NodeKind.String)
                {
                    record.Tags.Add(tag.Text);
                }
            }
        }
        return record;
    }

    /// <summary>A record of the progress stream.</summary>
    internal static ProgressRecord Progress(Tape tape)
    {
        TapeValue top = Top(tape);
        return top.Kind == NodeKind.Progress
            ? Progress(top)
            : Progress(
                Number(top, "ActivityId", 0), Text(top, "Activity"), Text(top, "StatusDescription"),
                Text(top, "CurrentOperation"), Number(top, "ParentActivityId", -1), Number(top, "PercentComplete", -1),
                Number(top, "SecondsRemaining", -1), Number(top, "Type", 0));
    }

    /// <summary>The form <c>&lt;PR&gt;</c>, whose eight parts stand in a fixed order.</summary>
    internal static ProgressRecord Progress(TapeValue record)
    {
        var parts = new List<string?>();
        foreach (TapeValue part in record.Children)
        {
            object? value = part.Node.IsPrimitive ? part.ToPrimitive() : null;
            parts.Add(value is null ? null : Convert.ToString(value, CultureInfo.InvariantCulture));
        }
        if (parts.Count != 8)
        {
            throw new InvalidOperationException($"A progress record from the server has {parts.Count} parts, not 8.");
        }
        int NumberAt(int index) => int.Parse(parts[index] ?? "0", CultureInfo.InvariantCulture);
        int type = parts[5] == nameof(ProgressRecordType.Completed) ? 1 : 0;
        return Progress(NumberAt(1), parts[0], parts[7], parts[2], NumberAt(3), NumberAt(4), NumberAt(6), type);
    }

    /// <summary>The strings of a list of values.</summary>
    internal static List<string> Texts(TapeValue list)
    {
        var texts = new List<string>();
        foreach (TapeValue item in list.Items)
        {
            if (item.Kind == NodeKind.String)
            {
                texts.Add(item.Text);
            }
        }
        return texts;
    }

    private static ProgressRecord Progress(
        int id, string? activity, string? status, string? operation, int parent, int percent, int seconds, int type)
    {
        // PowerShell refuses an empty activity or status.
        var record = new ProgressRecord(
            Math.Max(id, 0), string.IsNullOrEmpty(activity) ? " " : activity, string.IsNullOrEmpty(status) ? " " : status)
        {
            CurrentOperation = operation,
            PercentComplete = Math.Clamp(percent, -1, 100),
            SecondsRemaining = seconds,
            RecordType = type == 1 ? ProgressRecordType.Completed : ProgressRecordType.Processing,
        };
        if (parent != record.ActivityId)
        {
            record.ParentActivityId = parent;
        }
        return record;
    }

    internal static TapeValue Top(Tape tape)
    {
        foreach (TapeValue value in tape.Values)
        {
            return value;
        }
        throw new InvalidOperationException("A record from the server is empty.");
    }

    internal static string? Text(TapeValue record, string member) =>
        record.Member(member)?.Resolve() is { Kind: NodeKind.String } value ? value.Text : null;

    /// <summary>A number, or the number of an enumeration value.</summary>
    private static int Number(TapeValue record, string member, int otherwise) =>
        record.Member(member)?.Resolve().Base is { Kind: NodeKind.Int32 } value ? (int)value.ToPrimitive()! : otherwise;
}
