using System;

namespace ExchangeOnlineManagement.Native;

/// <summary>Something that runs; its events are pulled by one thread. Dispose ends it.</summary>
internal sealed unsafe class NativeOperation : IDisposable
{
    internal NativeOperation(IntPtr pointer) => _handle = new OperationHandle(pointer);

    /// <summary>Whether <see cref="TryNext"/> found the end.</summary>
    internal bool HasEnded { get; private set; }

    /// <summary>
    /// Waits for the next event. False when none came within the time, or when there is no more:
    /// <see cref="HasEnded"/> tells which.
    /// </summary>
    /// <exception cref="ExoException">The operation failed.</exception>
    internal bool TryNext(uint timeoutMilliseconds, out NativeEvent? next)
    {
        IntPtr pointer, error;
        ExoStatus status = NativeMethods.exo_operation_next(_handle, timeoutMilliseconds, &pointer, &error);
        next = null;
        switch (status)
        {
            case ExoStatus.Ok:
                next = new NativeEvent(pointer);
                return true;
            case ExoStatus.Pending:
                return false;
            case ExoStatus.End:
                HasEnded = true;
                return false;
            default:
                throw ExoException.Take(status, error);
        }
    }

    /// <summary>Asks it to stop; from any thread, at any time. The end comes through <see cref="TryNext"/>.</summary>
    internal void Cancel()
    {
        try
        {
            NativeMethods.exo_operation_cancel(_handle);
        }
        catch (ObjectDisposedException)
        {
            // It is over, which is what was asked for.
        }
    }

    /// <summary>Answers the question that a command waits with, by the place of the choice taken.</summary>
    internal void Answer(int choice) =>
        ExoException.ThrowIfFailed(NativeMethods.exo_operation_answer(_handle, choice));

    /// <summary>Gives a batch its next input. False when there is no room: events have to be taken first.</summary>
    /// <param name="parametersClixml">As in <see cref="NativeSession.Invoke"/>.</param>
    /// <param name="takesMore">False when the batch has ended.</param>
    internal bool TryWrite(ReadOnlySpan<byte> parametersClixml, out bool takesMore)
    {
        IntPtr error;
        ExoStatus status;
        fixed (byte* parameters = parametersClixml)
        {
            status = NativeMethods.exo_operation_write(_handle, parameters, (nuint)parametersClixml.Length, &error);
        }
        takesMore = status != ExoStatus.End;
        if (status is ExoStatus.Pending or ExoStatus.End)
        {
            return false;
        }
        ExoException.ThrowIfFailed(status, error);
        return true;
    }

    /// <summary>Says that a batch gets no more input.</summary>
    internal void EndInput() => ExoException.ThrowIfFailed(NativeMethods.exo_operation_end_input(_handle));

    /// <summary>Gives a relay one of PowerShell's lines.</summary>
    internal void WriteLine(string line)
    {
        // Base64 and GUIDs: a byte a character.
        byte[] bytes = Wtf8.GetBytes(line, nameof(line));
        IntPtr error;
        ExoStatus status;
        fixed (byte* text = bytes)
        {
            status = NativeMethods.exo_relay_write(_handle, text, (nuint)bytes.Length, &error);
        }
        ExoException.ThrowIfFailed(status, error);
    }

    /// <summary>Replies to the question that a command waits with.</summary>
    /// <param name="replyJson">The reply; see <c>exo_operation_reply</c> in <c>include/exo.h</c>.</param>
    /// <param name="secrets">The secrets that belong to it; null for none.</param>
    internal void Reply(string replyJson, NativeSecrets? secrets = null)
    {
        byte[] reply = Wtf8.GetBytes(replyJson, nameof(replyJson));
        NativeSecret[] given = secrets?.ToArray() ?? Array.Empty<NativeSecret>();
        IntPtr error;
        ExoStatus status;
        fixed (byte* text = reply)
        fixed (NativeSecret* first = given)
        {
            status = NativeMethods.exo_operation_reply(
                _handle, text, (nuint)reply.Length, first, (nuint)given.Length, &error);
        }
        ExoException.ThrowIfFailed(status, error);
    }

    public void Dispose() => _handle.Dispose();

    private readonly OperationHandle _handle;
}
