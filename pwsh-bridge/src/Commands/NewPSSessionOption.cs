using System;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Remoting;
using System.Management.Automation.Runspaces;

namespace ExchangeOnlineManagement.Commands;

/// <summary>Makes the value of -PSSessionOption with all the parameters it has on Windows; elsewhere PowerShell's own has two.</summary>
[Cmdlet(VerbsCommon.New, "PSSessionOption")]
[OutputType(typeof(PSSessionOption))]
public sealed class NewPSSessionOptionCommand : PSCmdlet
{
    /// <summary>How many times a server may send the client elsewhere.</summary>
    [Parameter]
    public int MaximumRedirection { get; set; } = -1;

    /// <summary>Without compression.</summary>
    [Parameter]
    public SwitchParameter NoCompression { get; set; }

    /// <summary>Without the user's profile on the server.</summary>
    [Parameter]
    public SwitchParameter NoMachineProfile { get; set; }

    /// <summary>The culture of the session.</summary>
    [Parameter]
    [ValidateNotNull]
    public CultureInfo? Culture { get; set; }

    /// <summary>The culture of the session's texts.</summary>
    [Parameter]
    [ValidateNotNull]
    public CultureInfo? UICulture { get; set; }

    /// <summary>Most bytes that one command may send.</summary>
    [Parameter]
    public int MaximumReceivedDataSizePerCommand { get; set; }

    /// <summary>Most bytes of one object.</summary>
    [Parameter]
    public int MaximumReceivedObjectSize { get; set; }

    /// <summary>What happens to output that nobody takes.</summary>
    [Parameter]
    public OutputBufferingMode OutputBufferingMode { get; set; }

    /// <summary>How often connecting is tried again.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int MaxConnectionRetryCount { get; set; }

    /// <summary>What the session shows as $PSSenderInfo.ApplicationArguments.</summary>
    [Parameter]
    [ValidateNotNull]
    public PSPrimitiveDictionary? ApplicationArguments { get; set; }

    /// <summary>How long opening may take, in milliseconds.</summary>
    [Parameter]
    [Alias("OpenTimeoutMSec")]
    [ValidateRange(0, int.MaxValue)]
    public int OpenTimeout { get; set; }

    /// <summary>How long stopping a command may take, in milliseconds.</summary>
    [Parameter]
    [Alias("CancelTimeoutMSec")]
    [ValidateRange(0, int.MaxValue)]
    public int CancelTimeout { get; set; }

    /// <summary>How long the session lives without a word, in milliseconds.</summary>
    [Parameter]
    [Alias("IdleTimeoutMSec")]
    [ValidateRange(-1, int.MaxValue)]
    public int IdleTimeout { get; set; }

    /// <summary>How the proxy is found.</summary>
    [Parameter]
    public ProxyAccessType ProxyAccessType { get; set; }

    /// <summary>How the proxy is told who asks.</summary>
    [Parameter]
    public AuthenticationMechanism ProxyAuthentication { get; set; }

    /// <summary>What the proxy is told.</summary>
    [Parameter]
    [Credential]
    [ValidateNotNullOrEmpty]
    public PSCredential? ProxyCredential { get; set; }

    /// <summary>Does not ask who issued the certificate of the server.</summary>
    [Parameter]
    public SwitchParameter SkipCACheck { get; set; }

    /// <summary>Does not ask whom the certificate of the server is for.</summary>
    [Parameter]
    public SwitchParameter SkipCNCheck { get; set; }

    /// <summary>Does not ask whether the certificate of the server was revoked.</summary>
    [Parameter]
    public SwitchParameter SkipRevocationCheck { get; set; }

    /// <summary>How long an operation may take, in milliseconds.</summary>
    [Parameter]
    [Alias("OperationTimeoutMSec")]
    [ValidateRange(0, int.MaxValue)]
    public int OperationTimeout { get; set; }

    /// <summary>Without encryption over http.</summary>
    [Parameter]
    public SwitchParameter NoEncryption { get; set; }

    /// <summary>Messages in UTF-16.</summary>
    [Parameter]
    public SwitchParameter UseUTF16 { get; set; }

    /// <summary>The port in the service's name, for Kerberos.</summary>
    [Parameter]
    public SwitchParameter IncludePortInSPN { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (IsBound(nameof(ProxyCredential)) && ProxyAccessType is ProxyAccessType.None or ProxyAccessType.NoProxyServer)
        {
            ThrowTerminatingError(new ErrorRecord(
                new ArgumentException("ProxyCredential is for a proxy; say with ProxyAccessType how it is found."),
                "InvalidProxyCredential", ErrorCategory.InvalidArgument, null));
        }
        var option = new PSSessionOption
        {
            NoCompression = NoCompression,
            NoMachineProfile = NoMachineProfile,
            ProxyAccessType = ProxyAccessType,
            ProxyCredential = ProxyCredential,
            SkipCACheck = SkipCACheck,
            SkipCNCheck = SkipCNCheck,
            SkipRevocationCheck = SkipRevocationCheck,
            NoEncryption = NoEncryption,
            UseUTF16 = UseUTF16,
            IncludePortInSPN = IncludePortInSPN,
            OutputBufferingMode = OutputBufferingMode,
        };
        // What was not given stays as PowerShell has it.
        void Set(string name, Action set)
        {
            if (IsBound(name))
            {
                set();
            }
        }
        Set(nameof(MaximumRedirection), () => option.MaximumConnectionRedirectionCount = MaximumRedirection);
        Set(nameof(Culture), () => option.Culture = Culture);
        Set(nameof(UICulture), () => option.UICulture = UICulture);
        Set(nameof(MaximumReceivedDataSizePerCommand), () => option.MaximumReceivedDataSizePerCommand = MaximumReceivedDataSizePerCommand);
        Set(nameof(MaximumReceivedObjectSize), () => option.MaximumReceivedObjectSize = MaximumReceivedObjectSize);
        Set(nameof(MaxConnectionRetryCount), () => option.MaxConnectionRetryCount = MaxConnectionRetryCount);
        Set(nameof(ApplicationArguments), () => option.ApplicationArguments = ApplicationArguments);
        Set(nameof(OpenTimeout), () => option.OpenTimeout = TimeSpan.FromMilliseconds(OpenTimeout));
        Set(nameof(CancelTimeout), () => option.CancelTimeout = TimeSpan.FromMilliseconds(CancelTimeout));
        Set(nameof(IdleTimeout), () => option.IdleTimeout = TimeSpan.FromMilliseconds(IdleTimeout));
        Set(nameof(OperationTimeout), () => option.OperationTimeout = TimeSpan.FromMilliseconds(OperationTimeout));
        try
        {
            Set(nameof(ProxyAuthentication), () => option.ProxyAuthentication = ProxyAuthentication);
        }
        catch (ArgumentException error)
        {
            // PowerShell's own sentence: a proxy knows Basic, Digest and Negotiate.
            ThrowTerminatingError(new ErrorRecord(error, "InvalidProxyAuthentication", ErrorCategory.InvalidArgument, ProxyAuthentication));
        }
        WriteObject(option);
    }

    private bool IsBound(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);
}
