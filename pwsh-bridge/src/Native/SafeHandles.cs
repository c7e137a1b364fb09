using System;
using System.Runtime.InteropServices;

namespace ExchangeOnlineManagement.Native;

/// <summary>A native handle; freed once, when nobody uses it any more.</summary>
internal abstract class NativeHandle : SafeHandle
{
    protected NativeHandle(IntPtr pointer)
        : base(IntPtr.Zero, ownsHandle: true) => SetHandle(pointer);

    public override bool IsInvalid => handle == IntPtr.Zero;

    /// <summary>Calls the handle's <c>_free</c>.</summary>
    protected abstract void Free(IntPtr pointer);

    protected override bool ReleaseHandle()
    {
        Free(handle);
        return true;
    }
}

internal sealed class SessionHandle : NativeHandle
{
    internal SessionHandle(IntPtr pointer) : base(pointer) { }

    protected override void Free(IntPtr pointer) => NativeMethods.exo_session_free(pointer);
}

internal sealed class OperationHandle : NativeHandle
{
    internal OperationHandle(IntPtr pointer) : base(pointer) { }

    protected override void Free(IntPtr pointer) => NativeMethods.exo_operation_free(pointer);
}

internal sealed class EventHandle : NativeHandle
{
    internal EventHandle(IntPtr pointer) : base(pointer) { }

    protected override void Free(IntPtr pointer) => NativeMethods.exo_event_free(pointer);
}

internal sealed class BytesHandle : NativeHandle
{
    internal BytesHandle(IntPtr pointer) : base(pointer) { }

    protected override void Free(IntPtr pointer) => NativeMethods.exo_bytes_free(pointer);
}
