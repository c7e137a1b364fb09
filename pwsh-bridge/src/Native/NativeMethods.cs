using System;
using System.Runtime.InteropServices;

namespace ExchangeOnlineManagement.Native;

/// <summary>The functions of <c>include/exo.h</c>, in its order. Statuses are looked at by the callers.</summary>
internal static unsafe class NativeMethods
{
    /// <summary>The library's name; <see cref="NativeLoader"/> finds the file.</summary>
    internal const string Library = "exo";

    /// <summary>The interface version this assembly was written for.</summary>
    internal const uint AbiMajor = 1;
    internal const uint AbiMinor = 3;

    /// <summary>The tape version this assembly can read.</summary>
    internal const uint TapeVersion = 1;

    /// <summary>As a time limit: wait until something happens.</summary>
    internal const uint WaitForever = uint.MaxValue;

    // Runs ahead of the first call: whoever only imports the module does not pay for the library.
    static NativeMethods() => NativeLoader.Install();

    [DllImport(Library)]
    internal static extern ExoStatus exo_bytes_view(BytesHandle bytes, NativeText* result);

    [DllImport(Library)]
    internal static extern void exo_bytes_free(IntPtr bytes);

    [DllImport(Library)]
    internal static extern ExoStatus exo_clixml_decode(
        byte* clixml, nuint clixmlLength, IntPtr* result, IntPtr* error);

    [DllImport(Library)]
    internal static extern ExoStatus exo_connect_with(
        byte* options, nuint optionsLength, NativeSecret* secrets, nuint secretCount, IntPtr* signing,
        IntPtr* result, IntPtr* error);

    [DllImport(Library)]
    internal static extern ExoStatus exo_error_view(IntPtr error, NativeErrorView* result);

    [DllImport(Library)]
    internal static extern void exo_error_free(IntPtr error);

    [DllImport(Library)]
    internal static extern EventKind exo_event_kind(EventHandle handle);

    [DllImport(Library)]
    internal static extern ExoStatus exo_event_text(EventHandle handle, NativeText* result);

    [DllImport(Library)]
    internal static extern ExoStatus exo_event_json(EventHandle handle, NativeText* result);

    [DllImport(Library)]
    internal static extern ExoStatus exo_event_state(EventHandle handle, FinishedState* result);

    [DllImport(Library)]
    internal static extern ExoStatus exo_event_error(EventHandle handle, NativeErrorView* result);

    [DllImport(Library)]
    internal static extern ExoStatus exo_event_session(EventHandle handle, IntPtr* result);

    [DllImport(Library)]
    internal static extern ExoStatus exo_event_tape(EventHandle handle, NativeTape* result);

    [DllImport(Library)]
    internal static extern ExoStatus exo_tape_name(EventHandle handle, uint name, NativeText* result);

    [DllImport(Library)]
    internal static extern void exo_event_free(IntPtr handle);

    [DllImport(Library)]
    internal static extern ExoStatus exo_session_invoke_asking(
        SessionHandle session, byte* command, nuint commandLength, byte* parameters, nuint parametersLength,
        uint askFrom, IntPtr* result, IntPtr* error);

    [DllImport(Library)]
    internal static extern ExoStatus exo_session_invoke_batch(
        SessionHandle session, byte* command, nuint commandLength, uint askFrom, uint inFlight,
        IntPtr* result, IntPtr* error);

    [DllImport(Library)]
    internal static extern ExoStatus exo_operation_write(
        OperationHandle operation, byte* clixml, nuint clixmlLength, IntPtr* error);

    [DllImport(Library)]
    internal static extern ExoStatus exo_operation_end_input(OperationHandle operation);

    [DllImport(Library)]
    internal static extern ExoStatus exo_session_commands(
        SessionHandle session, byte* names, nuint namesLength, IntPtr* result, IntPtr* error);

    [DllImport(Library)]
    internal static extern ExoStatus exo_operation_next(
        OperationHandle operation, uint timeoutMilliseconds, IntPtr* result, IntPtr* error);

    [DllImport(Library)]
    internal static extern ExoStatus exo_operation_cancel(OperationHandle operation);

    [DllImport(Library)]
    internal static extern ExoStatus exo_operation_answer(OperationHandle operation, int choice);

    [DllImport(Library)]
    internal static extern ExoStatus exo_operation_reply(
        OperationHandle operation, byte* reply, nuint replyLength, NativeSecret* secrets, nuint secretCount, IntPtr* error);

    [DllImport(Library)]
    internal static extern void exo_operation_free(IntPtr operation);

    [DllImport(Library)]
    internal static extern ExoStatus exo_relay(
        byte* options, nuint optionsLength, NativeSecret* secrets, nuint secretCount, IntPtr* result, IntPtr* error);

    [DllImport(Library)]
    internal static extern ExoStatus exo_session_relay(SessionHandle session, IntPtr* result, IntPtr* error);

    [DllImport(Library)]
    internal static extern ExoStatus exo_relay_write(
        OperationHandle operation, byte* line, nuint lineLength, IntPtr* error);

    [DllImport(Library)]
    internal static extern ExoStatus exo_shutdown(uint timeoutMilliseconds, IntPtr* error);

    [DllImport(Library)]
    internal static extern ExoStatus exo_session_info(SessionHandle session, IntPtr* result, IntPtr* error);

    [DllImport(Library)]
    internal static extern ExoStatus exo_session_close(
        SessionHandle session, uint timeoutMilliseconds, IntPtr* error);

    [DllImport(Library)]
    internal static extern void exo_session_free(IntPtr session);

    [DllImport(Library)]
    internal static extern ExoStatus exo_status_name(ExoStatus status, NativeText* result);

    [DllImport(Library)]
    internal static extern uint exo_abi_version();
}
