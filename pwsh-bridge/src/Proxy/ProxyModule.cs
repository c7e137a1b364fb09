using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Text;

namespace ExchangeOnlineManagement.Proxy;

/// <summary>
/// The in-memory module with one function a remote command. A function is one line: it asks the connection for its
/// parameters when PowerShell wants to know them, and hands over what was bound.
/// </summary>
internal static class ProxyModule
{
    /// <summary>Makes the module and imports it for the whole runspace.</summary>
    internal static void Import(PSCmdlet cmdlet, Connection connection)
    {
        var body = new StringBuilder("param($Connection, $Invoke, $Complete)\n");
        foreach (RemoteCommand command in connection.Commands)
        {
            // The name passed the check of RemoteCommand: there is nothing in it to escape.
            string name = command.Name;
            body.Append("function ").Append(name).Append(" {");
            if (connection.Settings.LoadCmdletHelp)
            {
                ProxyHelp.Write(body, command);
            }
            body.Append(" [CmdletBinding(").Append(BindingOf(command, connection.Info.IsRest))
                .Append(")] param() dynamicparam { $Connection.Parameters('").Append(name)
                .Append("') } begin { $given = [string[]]$PSBoundParameters.Keys } process { if ($failure = & $Invoke $Connection '")
                .Append(name).Append("' $PSBoundParameters $PSBoundParameters.BoundPositionally $PSCmdlet $_ $given)")
                .Append(" { $PSCmdlet.ThrowTerminatingError($failure) } }")
                .Append(" end { if ($failure = & $Complete $PSCmdlet) { $PSCmdlet.ThrowTerminatingError($failure) } } }\n");
        }
        // In a constrained session too: the proxies are this module's own code, made of names that were checked, and no
        // text of the user or of the server is run. The commands are named with their module, so that none of the user's
        // own takes their place.
        PSLanguageMode language = cmdlet.SessionState.LanguageMode;
        cmdlet.SessionState.LanguageMode = PSLanguageMode.FullLanguage;
        try
        {
            cmdlet.InvokeCommand.InvokeScript(
                ImportScript,
                useNewScope: true,
                System.Management.Automation.Runspaces.PipelineResultTypes.None,
                input: null,
                new PSModuleInfo(linkToGlobal: true),
                connection,
                new CmdletInfo("Invoke-RemoteCommand", typeof(InvokeRemoteCommand)),
                new CmdletInfo("Complete-RemoteCommand", typeof(CompleteRemoteCommand)),
                ScriptBlock.Create(body.ToString()));
        }
        finally
        {
            cmdlet.SessionState.LanguageMode = language;
        }
    }

    private static string BindingOf(RemoteCommand command, bool hasPage)
    {
        var binding = new List<string>();
        if (command.DefaultParameterSet is { } set)
        {
            binding.Add($"DefaultParameterSetName = '{CodeGeneration.EscapeSingleQuotedStringContent(set)}'");
        }
        if (command.SupportsShouldProcess)
        {
            binding.Add($"SupportsShouldProcess = $true, ConfirmImpact = '{command.ConfirmImpact}'");
        }
        if (hasPage)
        {
            binding.Add($"HelpUri = '{ProxyHelp.PageOf(command)}'");
        }
        return string.Join(", ", binding);
    }

    /// <summary>Removes the module from this runspace, and with it the commands.</summary>
    internal static void Remove(Connection connection) =>
        ScriptBlock.Create(RemoveScript).Invoke(connection.ModuleName);

    /// <summary>Shows the commands of the module again, where another one had taken their names.</summary>
    internal static void Show(Connection connection) =>
        ScriptBlock.Create(ShowScript).Invoke(connection.ModuleName, connection.Prefix);

    /// <summary>
    /// New-Module shows its functions where it is called: that is a scope nobody sees. Import-Module then shows them
    /// to everybody, with the prefix.
    /// </summary>
    private const string ImportScript = """
        param($Holder, $Connection, $Invoke, $Complete, $Body)
        $module = & $Holder {
            param($Connection, $Invoke, $Complete, $Body)
            Microsoft.PowerShell.Core\New-Module -Name $Connection.ModuleName -ScriptBlock $Body -ArgumentList $Connection, $Invoke, $Complete
        } $Connection $Invoke $Complete $Body
        $module.Description = "Implicit remoting for $($Connection.Uri)"
        $module.PrivateData = @{ ImplicitRemoting = $true }
        $prefix = if ($Connection.Prefix) { @{ Prefix = $Connection.Prefix } } else { @{} }
        Microsoft.PowerShell.Core\Import-Module -ModuleInfo $module -Global -DisableNameChecking -Force @prefix
        """;

    private const string ShowScript = """
        param($Name, $Prefix)
        $prefix = if ($Prefix) { @{ Prefix = $Prefix } } else { @{} }
        Microsoft.PowerShell.Core\Get-Module -Name $Name |
            Microsoft.PowerShell.Core\Import-Module -Global -DisableNameChecking @prefix
        """;

    private const string RemoveScript = """
        param($Name)
        Microsoft.PowerShell.Core\Get-Module -Name $Name | Microsoft.PowerShell.Core\Remove-Module -Force
        """;
}
