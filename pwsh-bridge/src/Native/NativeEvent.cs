using System;

namespace ExchangeOnlineManagement.Native;

/// <summary>One thing that an operation told. Dispose it when it was read; tapes and strings taken from it stay.</summary>
internal sealed unsafe class NativeEvent : IDisposable
{
    internal NativeEvent(IntPtr pointer)
    {
        _handle = new EventHandle(pointer);
        Kind = NativeMethods.exo_event_kind(_handle);
    }

    /// <summary>What happened.</summary>
    internal EventKind Kind { get; }

    /// <summary>The sentence, of ConnectStep, DeviceCode and ConnectWarning; the line, of Line.</summary>
    internal string Text
    {
        get
        {
            NativeText text;
            ExoException.ThrowIfFailed(NativeMethods.exo_event_text(_handle, &text));
            return text.ToString();
        }
    }

    /// <summary>The JSON, of ConnectStep, DeviceCode, HostCall, Commands and Broken.</summary>
    internal string Json
    {
        get
        {
            NativeText text;
            ExoException.ThrowIfFailed(NativeMethods.exo_event_json(_handle, &text));
            return text.ToString();
        }
    }

    /// <summary>The same in UTF-8; for what is long.</summary>
    internal byte[] CopyJson()
    {
        NativeText text;
        ExoException.ThrowIfFailed(NativeMethods.exo_event_json(_handle, &text));
        return text.Bytes.ToArray();
    }

    /// <summary>How the operation ended, of Finished.</summary>
    internal FinishedState State
    {
        get
        {
            FinishedState state;
            ExoException.ThrowIfFailed(NativeMethods.exo_event_state(_handle, &state));
            return state;
        }
    }

    /// <summary>
    /// Why an input ended as it did, of InputEnded; null when records have told it, or nothing went wrong. Why a relay is of
    /// no more use, of Broken.
    /// </summary>
    internal ExoException? Error
    {
        get
        {
            var view = new NativeErrorView { Size = (uint)sizeof(NativeErrorView) };
            return NativeMethods.exo_event_error(_handle, &view) == ExoStatus.Ok ? new ExoException(view) : null;
        }
    }

    /// <summary>The session, of Connected.</summary>
    internal NativeSession TakeSession()
    {
        IntPtr session;
        ExoException.ThrowIfFailed(NativeMethods.exo_event_session(_handle, &session));
        return new NativeSession(session);
    }

    /// <summary>A copy of the tape, of the records, Values, and Finished when there is a reason.</summary>
    internal Tape CopyTape() => Tape.Copy(_handle);

    /// <summary>As <see cref="CopyTape"/>, or null when the event has no tape.</summary>
    internal Tape? TryCopyTape()
    {
        try
        {
            return Tape.Copy(_handle);
        }
        catch (ExoException error) when (error.Status == ExoStatus.WrongEvent)
        {
            return null;
        }
    }

    public void Dispose() => _handle.Dispose();

    private readonly EventHandle _handle;
}
