using System.Globalization;
using System.Text;

namespace ExchangeOnlineManagement.Proxy;

/// <summary>What Get-Help can say of a command: what the service declares of it, and where it is described.</summary>
internal static class ProxyHelp
{
    /// <summary>Microsoft's page about the command.</summary>
    internal static string PageOf(RemoteCommand command) =>
        "https://learn.microsoft.com/powershell/module/exchangepowershell/" + command.Name.ToLower(CultureInfo.InvariantCulture);

    /// <summary>Writes the comment at the beginning of a proxy.</summary>
    internal static void Write(StringBuilder body, RemoteCommand command)
    {
        // Names passed the check of RemoteCommand, and of other text from the server nothing is written here.
        body.Append("\n<#\n.SYNOPSIS\nRuns ").Append(command.Name).Append(" on the server.\n.DESCRIPTION\n")
            .Append("The parameters are those that the service declares for this account.");
        if (command.SupportsShouldProcess)
        {
            body.Append(" It can ask before it changes something; what it asks comes from the service.");
        }
        body.Append("\n.LINK\n").Append(PageOf(command)).Append("\n#>\n");
    }
}
