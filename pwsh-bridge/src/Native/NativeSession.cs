using System;

namespace ExchangeOnlineManagement.Native;

/// <summary>A connection, and the ways to get one and to end all of them.</summary>
internal sealed unsafe class NativeSession : IDisposable
{
    /// <summary>Starts to connect.</summary>
    /// <param name="optionsJson">The connect options; see <c>exo_connect</c> in <c>include/exo.h</c>.</param>
    /// <param name="secrets">The secrets that belong to them; see <c>exo_connect_with</c> there.</param>
    /// <param name="signer">Whoever signs with a certificate among the secrets; null where it has no part in it.</param>
    /// <returns>The operation; its events are ConnectStep, DeviceCode, Browser, ConnectWarning, Connected, Finished.</returns>
    internal static NativeOperation Connect(string optionsJson, NativeSecrets secrets, CertificateSigner? signer = null)
    {
        byte[] options = Wtf8.GetBytes(optionsJson, nameof(optionsJson));
        NativeSecret[] given = secrets.ToArray();
        IntPtr operation, error, signing = IntPtr.Zero;
        ExoStatus status;
        fixed (byte* text = options)
        fixed (NativeSecret* first = given)
        {
            status = NativeMethods.exo_connect_with(
                text, (nuint)options.Length, first, (nuint)given.Length, signer is null ? null : &signing,
                &operation, &error);
        }
        ExoException.ThrowIfFailed(status, error);
        if (signing != IntPtr.Zero)
        {
            signer!.Serve(new NativeOperation(signing));
        }
        return new NativeOperation(operation);
    }

    /// <summary>Starts a session in which PowerShell speaks the protocol itself; see <c>exo_relay</c> in <c>include/exo.h</c>.</summary>
    /// <returns>The operation; its events are those of connecting, then Line and perhaps Broken.</returns>
    internal static NativeOperation Relay(string optionsJson, NativeSecrets secrets)
    {
        byte[] options = Wtf8.GetBytes(optionsJson, nameof(optionsJson));
        NativeSecret[] given = secrets.ToArray();
        IntPtr operation, error;
        ExoStatus status;
        fixed (byte* text = options)
        fixed (NativeSecret* first = given)
        {
            status = NativeMethods.exo_relay(
                text, (nuint)options.Length, first, (nuint)given.Length, &operation, &error);
        }
        ExoException.ThrowIfFailed(status, error);
        return new NativeOperation(operation);
    }

    /// <summary>Closes what is open and ends the threads of the library; a later connect starts them again.</summary>
    internal static void Shutdown(uint timeoutMilliseconds)
    {
        IntPtr error;
        ExoException.ThrowIfFailed(NativeMethods.exo_shutdown(timeoutMilliseconds, &error), error);
    }

    internal NativeSession(IntPtr pointer) => _handle = new SessionHandle(pointer);

    /// <summary>What is known about the connection: a JSON object with camelCase keys.</summary>
    internal string InfoJson()
    {
        IntPtr pointer, error;
        ExoException.ThrowIfFailed(NativeMethods.exo_session_info(_handle, &pointer, &error), error);
        using var bytes = new BytesHandle(pointer);
        NativeText text;
        ExoException.ThrowIfFailed(NativeMethods.exo_bytes_view(bytes, &text));
        return text.ToString();
    }

    /// <summary>Runs one command.</summary>
    /// <param name="command">The command's name.</param>
    /// <param name="parametersClixml">
    /// CLIXML of one object whose extended members are the parameters; empty for none. The caller clears it when it holds
    /// secrets.
    /// </param>
    /// <param name="askFrom">
    /// How much a change weighs that is asked about first, as a number of ConfirmImpact; 0 for none. Only over REST.
    /// </param>
    /// <returns>The operation; its events are the records of the streams, questions, then Finished.</returns>
    internal NativeOperation Invoke(string command, ReadOnlySpan<byte> parametersClixml, uint askFrom)
    {
        byte[] name = Wtf8.GetBytes(command, nameof(command));
        IntPtr operation, error;
        ExoStatus status;
        fixed (byte* namePointer = name)
        fixed (byte* parametersPointer = parametersClixml)
        {
            status = NativeMethods.exo_session_invoke_asking(
                _handle, namePointer, (nuint)name.Length, parametersPointer, (nuint)parametersClixml.Length, askFrom,
                &operation, &error);
        }
        ExoException.ThrowIfFailed(status, error);
        return new NativeOperation(operation);
    }

    /// <summary>Runs one command for many inputs; see <c>exo_session_invoke_batch</c> in <c>include/exo.h</c>.</summary>
    /// <param name="command">The command's name.</param>
    /// <param name="askFrom">As in <see cref="Invoke"/>.</param>
    /// <param name="inFlight">How many requests may be under way at once.</param>
    internal NativeOperation InvokeBatch(string command, uint askFrom, uint inFlight)
    {
        byte[] name = Wtf8.GetBytes(command, nameof(command));
        IntPtr operation, error;
        ExoStatus status;
        fixed (byte* namePointer = name)
        {
            status = NativeMethods.exo_session_invoke_batch(
                _handle, namePointer, (nuint)name.Length, askFrom, inFlight, &operation, &error);
        }
        ExoException.ThrowIfFailed(status, error);
        return new NativeOperation(operation);
    }

    /// <summary>Asks for the commands the account may run.</summary>
    /// <param name="namesJson">A JSON array of names, wildcards allowed; empty for all.</param>
    /// <returns>The operation; its events are Commands and Finished.</returns>
    internal NativeOperation Commands(string namesJson)
    {
        byte[] names = Wtf8.GetBytes(namesJson, nameof(namesJson));
        IntPtr operation, error;
        ExoStatus status;
        fixed (byte* namesPointer = names)
        {
            status = NativeMethods.exo_session_commands(
                _handle, namesPointer, (nuint)names.Length, &operation, &error);
        }
        ExoException.ThrowIfFailed(status, error);
        return new NativeOperation(operation);
    }

    /// <summary>Lets PowerShell speak its protocol in this session; see <c>exo_session_relay</c> in <c>include/exo.h</c>.</summary>
    /// <returns>The operation; its events are as of the other Relay.</returns>
    internal NativeOperation Relay()
    {
        IntPtr operation, error;
        ExoException.ThrowIfFailed(NativeMethods.exo_session_relay(_handle, &operation, &error), error);
        return new NativeOperation(operation);
    }

    /// <summary>Closes the session on the server.</summary>
    internal void Close(uint timeoutMilliseconds)
    {
        IntPtr error;
        ExoException.ThrowIfFailed(NativeMethods.exo_session_close(_handle, timeoutMilliseconds, &error), error);
    }

    public void Dispose() => _handle.Dispose();

    private readonly SessionHandle _handle;
}
