using System;

namespace ExchangeOnlineManagement.Native;

/// <summary>What the native library could not do, and what to do about it.</summary>
public sealed class ExoException : Exception
{
    internal ExoException(ExoStatus status, string message, string category, string errorId)
        : base(message)
    {
        Status = status;
        Category = category;
        ErrorId = errorId;
    }

    internal ExoException(in NativeErrorView view)
        : this(view.Status, view.Message.ToString(), view.Category.ToString(), view.ErrorId.ToString())
    {
        Advice = view.Advice.ToString();
        Step = view.Step.ToString();
        Chain = view.Chain.ToString();
    }

    /// <summary>The status of the call.</summary>
    public ExoStatus Status { get; }

    /// <summary>The name of the <c>ErrorCategory</c> value.</summary>
    public string Category { get; }

    /// <summary>The first part of the <c>FullyQualifiedErrorId</c>.</summary>
    public string ErrorId { get; }

    /// <summary>What to do about it; empty when there is nothing to say.</summary>
    public string Advice { get; } = string.Empty;

    /// <summary>The step at which it failed: options, signIn, open, commands, run, close; or empty.</summary>
    public string Step { get; } = string.Empty;

    /// <summary>The causes, one per line, the nearest first; or empty.</summary>
    public string Chain { get; } = string.Empty;

    /// <summary>Reads a native error and frees it.</summary>
    internal static unsafe ExoException Take(ExoStatus status, IntPtr error)
    {
        if (error == IntPtr.Zero)
        {
            return Of(status);
        }
        try
        {
            var view = new NativeErrorView { Size = (uint)sizeof(NativeErrorView) };
            if (NativeMethods.exo_error_view(error, &view) != ExoStatus.Ok)
            {
                return Of(status);
            }
            return new ExoException(view);
        }
        finally
        {
            NativeMethods.exo_error_free(error);
        }
    }

    /// <summary>For a call that gives a status and no error.</summary>
    internal static ExoException Of(ExoStatus status) =>
        new(status, $"The native library returned the status {status} ({(uint)status}).", "NotSpecified", "Exo" + status);

    /// <summary>Throws unless the status is success; frees the error.</summary>
    internal static void ThrowIfFailed(ExoStatus status, IntPtr error)
    {
        if (status != ExoStatus.Ok)
        {
            throw Take(status, error);
        }
    }

    /// <summary>Throws unless the status is success.</summary>
    internal static void ThrowIfFailed(ExoStatus status)
    {
        if (status != ExoStatus.Ok)
        {
            throw Of(status);
        }
    }
}
