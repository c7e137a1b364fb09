namespace ExchangeOnlineManagement.Native;

/// <summary>What a native call came to. The numbers are those of <c>EXO_STATUS_*</c> and never change.</summary>
public enum ExoStatus : uint
{
    /// <summary>The call did what it says.</summary>
    Ok = 0,

    /// <summary>Nothing arrived within the time given.</summary>
    Pending = 100,
    /// <summary>The operation has no more events.</summary>
    End = 101,

    /// <summary>A pointer that must not be null was null.</summary>
    Null = 200,
    /// <summary>A text is not UTF-8.</summary>
    BadUtf8 = 201,
    /// <summary>A text is not the JSON that was expected.</summary>
    BadJson = 202,
    /// <summary>An argument is out of its range.</summary>
    BadArgument = 203,
    /// <summary>Another thread is using the handle.</summary>
    Busy = 204,
    /// <summary>The session was closed.</summary>
    Closed = 205,
    /// <summary>The event does not carry what was asked of it.</summary>
    WrongEvent = 206,
    /// <summary>The tape has no name of that number.</summary>
    NoSuchName = 207,
    /// <summary>A connect option has a value that cannot be used.</summary>
    BadOption = 208,

    /// <summary>The native library failed in a way it should not.</summary>
    Panic = 300,
    /// <summary>The session failed that way before and accepts no more work.</summary>
    Poisoned = 301,
    /// <summary>The threads of the native library could not be started.</summary>
    Runtime = 302,
    /// <summary>The native library was shut down.</summary>
    ShutDown = 303,

    /// <summary>Sign-in was refused or could not be finished.</summary>
    Authentication = 400,

    /// <summary>The server could not be reached, or refused the connection.</summary>
    Connection = 500,
    /// <summary>No answer came within the time limit.</summary>
    TimedOut = 501,
    /// <summary>The session is gone on the server.</summary>
    SessionLost = 502,

    /// <summary>The peer broke the protocol, or a limit was passed.</summary>
    Protocol = 600,
    /// <summary>The bytes are not CLIXML that can be kept completely.</summary>
    BadClixml = 601,
    /// <summary>The server reported a failure of the command or of the session.</summary>
    Remote = 602,

    /// <summary>The operation was cancelled.</summary>
    Cancelled = 700,
}
