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
        var body = new StringBuilder("param($Connection, $Invoke)\n");
        foreach (RemoteCommand command in connection.Commands)
        {
            // The name passed the check of RemoteCommand: there is nothing in it to escape.
            string name = command.Name;
            body.Append("function ").Append(name)
                .Append(" { [CmdletBinding(").Append(BindingOf(command))
                .Append(")] param() dynamicparam { $Connection.Parameters('").Append(name)
                .Append("') } process { $failure = & $Invoke $Connection '").Append(name)
                .Append("' $PSBoundParameters $PSBoundParameters.BoundPositionally $PSCmdlet $_;")
                .Append(" if ($failure) { $PSCmdlet.ThrowTerminatingError($failure) } } }\n");
        }
        cmdlet.InvokeCommand.InvokeScript(
            ImportScript,
            useNewScope: true,
            System.Management.Automation.Runspaces.PipelineResultTypes.None,
            input: null,
            new PSModuleInfo(linkToGlobal: true),
            connection,
            new CmdletInfo("Invoke-RemoteCommand", typeof(InvokeRemoteCommand)),
            ScriptBlock.Create(body.ToString()));
    }

    private static string BindingOf(RemoteCommand command)
    {
        string binding = command.SupportsShouldProcess
            ? $"SupportsShouldProcess = $true, ConfirmImpact = '{command.ConfirmImpact}'"
            : string.Empty;
        if (command.DefaultParameterSet is not { } set)
        {
            return binding;
        }
        string name = CodeGeneration.EscapeSingleQuotedStringContent(set);
        return binding.Length == 0 ? $"DefaultParameterSetName = '{name}'" : $"DefaultParameterSetName = '{name}', {binding}";
    }

    /// <summary>Removes the module from this runspace, and with it the commands.</summary>
    internal static void Remove(Connection connection) =>
        ScriptBlock.Create(RemoveScript).Invoke(connection.ModuleName);

    /// <summary>
    /// New-Module shows its functions where it is called: that is a scope nobody sees. Import-Module then shows them
    /// to everybody, with the prefix.
    /// </summary>
    private const string ImportScript = """
        param($Holder, $Connection, $Invoke, $Body)
        $module = & $Holder {
            param($Connection, $Invoke, $Body)
            New-Module -Name $Connection.ModuleName -ScriptBlock $Body -ArgumentList $Connection, $Invoke
        } $Connection $Invoke $Body
        $module.Description = "Implicit remoting for $($Connection.Uri)"
        $module.PrivateData = @{ ImplicitRemoting = $true }
        $prefix = if ($Connection.Prefix) { @{ Prefix = $Connection.Prefix } } else { @{} }
        Import-Module -ModuleInfo $module -Global -DisableNameChecking -Force @prefix
        """;

    private const string RemoveScript = "param($Name) Get-Module -Name $Name | Remove-Module -Force";
}
